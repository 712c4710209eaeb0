"""The embedded fonts (SIL Open Font License 1.1), their licences, checksums and subsetter."""

"""Speaks to the outside: the OMS door, files and webhooks."""

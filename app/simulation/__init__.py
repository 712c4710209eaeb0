"""A whole site in one process on a virtual clock: the same seed lives through the same shift."""

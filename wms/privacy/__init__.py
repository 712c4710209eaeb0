"""Forgetting what tells of people, when it is due or when they ask."""

"""Alembic migrations of the book. A test proves that migrated equals fresh."""

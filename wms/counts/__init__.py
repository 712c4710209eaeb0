"""Counting and stocktaking: what eyes found against what the book said, and what follows."""

"""The life of the book itself: one server at a time, backed up, restored, upgraded."""

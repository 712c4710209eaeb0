"""Pick faces and what refills them from the reserve, and how fast goods move."""

"""One conversation a file: a pure state table over scans."""

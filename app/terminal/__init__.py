"""`/t`: a browser becomes a terminal. The page is files; what it may do is the terminal API."""

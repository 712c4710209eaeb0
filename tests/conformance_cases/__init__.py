"""One file per driver: its twin on a bench and its `CASE` (see `devices/conformance.py`)."""

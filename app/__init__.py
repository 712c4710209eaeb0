"""The front door: command line, wiring, demo, doctor. The one place that knows every room."""

VERSION = "0.1.0"

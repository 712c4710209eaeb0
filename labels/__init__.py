"""Renders paper: ZPL labels and PDF slips."""

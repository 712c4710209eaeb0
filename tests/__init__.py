"""Promises, each a test."""

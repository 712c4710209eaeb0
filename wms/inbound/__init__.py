"""Deliveries: announced by their owner, received line by line or by a portal, and closed."""

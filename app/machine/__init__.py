"""Looks after the machine under the server: its disk, its clock, its event loop, its manager.

None of it knows the floor. What is wrong becomes a row beside those of the devices, so that the
board, the metrics and whoever listens to events learn of it in the way they know.
"""

"""What was done, for good: commands with who gave them, answers kept by their key, events in the
order of their writing, and the seals that show whether somebody changed the past.
"""

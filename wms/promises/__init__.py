"""Which stock is promised to whom: decided as a pure plan, written, moved from one to another,
and what is still lacking.
"""

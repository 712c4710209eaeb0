"""Goods that come back: announced or not, found by what is in the box, graded piece by piece, put
away or sent out again, closed with their differences told.
"""

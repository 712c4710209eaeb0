"""Places and what may lie there: put away, moved and put back, under one rule."""

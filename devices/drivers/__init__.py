"""One driver a file: a codec under a page of input and output."""

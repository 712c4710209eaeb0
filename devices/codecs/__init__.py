"""Pure wire codecs: bytes or registers to values and back. No input or output here."""

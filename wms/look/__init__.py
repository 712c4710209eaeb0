"""Looking things up: what a code is, where goods are, what a month cost. It only reads."""

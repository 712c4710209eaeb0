"""Pictures for the documents: a quiet site works through one afternoon, and is looked at.

Everything in them came out of the program: orders through allocation, people through their
dialogues, robots through missions, numbers through the board. The same code gives the same
pictures, so a test can say when they are out of date.
"""

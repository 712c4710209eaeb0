"""What rooms tell each other, since none imports another: prompts, signals, gaps, the board."""

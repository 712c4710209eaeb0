"""The window people look through. It knows prompts, not rules."""

"""Decides and conducts floor work: waves, tours, stops and the dialogues of people."""

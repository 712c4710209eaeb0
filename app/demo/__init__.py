"""The demo: a temporary site with everything on real wires, run by bots, judged by tallies."""

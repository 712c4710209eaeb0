"""Machines that carry, as the book knows them: conveyors; robots and their missions, each done
exactly once, and what persons do when a robot cannot.
"""

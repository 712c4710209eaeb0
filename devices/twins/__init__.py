"""Simulators that speak the real wire. They share no codec with the drivers."""

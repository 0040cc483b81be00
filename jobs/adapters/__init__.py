"""Implementations of the ports: one vendor each, whose exceptions end here."""

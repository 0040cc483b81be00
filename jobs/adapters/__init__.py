"""Implementations of the ports. Each wraps one vendor and translates its exceptions."""

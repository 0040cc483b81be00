"""Tests that kill or freeze processes at each of their requests while other processes and staff act."""

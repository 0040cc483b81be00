"""Benchmarks; most report a ratio to a baseline measured in the same run."""

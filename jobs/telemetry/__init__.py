"""Metrics, traces, logs, and masking of secrets in them."""

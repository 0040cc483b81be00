"""Grafana's dashboards and Prometheus's generated rules, as code. ``make dashboards`` writes the files."""

"""The web interface: pages for staff, and an API."""

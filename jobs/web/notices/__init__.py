"""Texts of notifications: mail, and the messages of webhooks."""

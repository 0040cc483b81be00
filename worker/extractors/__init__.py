"""Extracts text and fields from documents."""

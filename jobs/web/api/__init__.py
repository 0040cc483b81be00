"""The JSON API, with the same use cases as the pages."""

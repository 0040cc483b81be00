"""Where filings come from."""

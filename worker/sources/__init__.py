"""Sources of filings."""

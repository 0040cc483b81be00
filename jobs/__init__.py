"""Orders of companies' filings: the domain, its ports and adapters, and its web interface."""

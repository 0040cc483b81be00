"""What a company's filings say about it: pure functions from stored documents to a profile."""

"""The domain model: jobs, documents, CINs and filings. Standard library only."""

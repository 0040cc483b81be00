"""The content of filings: how a file was read, and typed records of the Ministry's forms."""

"""A company's profile, from its filings: pure functions of stored documents."""

"""A stand-in for a filings portal, as a process of its own, and the tests of the source that reads it."""

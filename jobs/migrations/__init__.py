"""Tables of accounts; not of jobs."""

"""A filings portal: a web site that lists companies' filings and offers them for download."""

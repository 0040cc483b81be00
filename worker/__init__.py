"""One pod, one job: list a company's filings, download, read and store them."""

"""What a job, a document and a CIN are. Standard library only."""

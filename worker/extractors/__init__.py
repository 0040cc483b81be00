"""What reads text out of documents."""

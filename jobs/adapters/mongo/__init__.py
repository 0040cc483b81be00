"""MongoDB, spoken nowhere but here."""

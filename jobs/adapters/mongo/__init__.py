"""The MongoDB adapters. No other package uses MongoDB."""

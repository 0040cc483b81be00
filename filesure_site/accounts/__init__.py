"""Accounts and sessions of a web pod without a volume: one owner at a time, replicated to Blob Storage by Litestream.

The owner holds the lease of a blob. It restores the newest complete copy, starts a new copy (a generation), and
serves only once that is complete. Therefore no pod serves an old copy while another one writes, and uploads from a
pod that has lost its lease without noticing go into a generation that is never restored.
"""

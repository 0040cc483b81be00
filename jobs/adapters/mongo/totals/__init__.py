"""Permanent totals, in two documents of the collection ``totals``.

They are fed in two ways, because workers live for seconds and most are never scraped:

- **jobs** (``ledger``): each write that changes a job also counts the change in the job itself. A scrape adds the
  changes since the last one to the totals exactly once, whichever process dies.
- **workers** (``flusher``, ``workers``): a worker counts in memory. A separate thread stores the increase as a part
  at regular intervals and when the worker ends. A scrape adds each part to the totals once. A killed worker loses
  what it counted since its last part.

Both are folded into the totals in batches, in the same three steps (``sums``). A series has the same key everywhere,
for example ``filesure_runs_total?outcome=completed``.
"""

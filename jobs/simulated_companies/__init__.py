"""Fictional companies for demonstrations and tests: names with valid CINs, and the history of each company.

Nothing here describes a real company or person. The same CIN always gives the same history; see ``history``.
"""

from jobs.simulated_companies.companies import simulated_companies

__all__ = ["simulated_companies"]

"""Exports as an installation runs them: through a client and the simulated Exact, company by company."""

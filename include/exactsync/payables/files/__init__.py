"""Payables from files, and purchase journals to files: for those who have no Spendesk, or no Exact Online."""

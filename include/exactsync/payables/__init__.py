"""Payables: from a spend platform or a file, through mapping and checks, into Exact Online once."""

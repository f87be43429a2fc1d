"""Spendesk's public API: everything that knows its wire."""

"""The part of the page on which people say where payables go, and what they are called at Exact."""

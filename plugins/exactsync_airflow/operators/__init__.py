"""Tasks: each operator gathers its arguments, makes one kind of library call and reports on it."""

"""The warehouse: where rows are staged, published, and remembered to have been."""

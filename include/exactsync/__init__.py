"""The accounting integration between a spend platform and Exact Online."""

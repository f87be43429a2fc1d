"""Everything that knows Exact Online's wire: OAuth, grants, the call budget, OData, the client and its feeds."""

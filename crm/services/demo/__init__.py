"""The demo firm Nordlicht Office Supply: facts made from a seed by a known truth."""

"""The panel of what to serve at a price."""

"""The lesson of notebook 09, low precision."""

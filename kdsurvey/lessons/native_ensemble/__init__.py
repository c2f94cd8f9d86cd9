"""The lesson of notebook 11, ONE."""

"""The lesson of notebook 10, ONE."""

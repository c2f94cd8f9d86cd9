"""The lesson of notebook 03, missing three."""

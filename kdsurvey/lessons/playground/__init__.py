"""The lesson of notebook 14, playground."""

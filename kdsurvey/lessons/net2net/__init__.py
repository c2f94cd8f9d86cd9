"""The lesson of notebook 06, Net2Net."""

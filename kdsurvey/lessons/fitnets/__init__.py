"""The lesson of notebook 04, FitNets."""

"""The lesson of notebook 12, EnsembleNet."""

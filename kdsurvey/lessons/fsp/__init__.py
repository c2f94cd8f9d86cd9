"""The lesson of notebook 05, FSP."""

"""The lesson of notebook 07, mutual learning."""

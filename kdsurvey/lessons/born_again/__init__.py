"""The lesson of notebook 08, born-again networks."""

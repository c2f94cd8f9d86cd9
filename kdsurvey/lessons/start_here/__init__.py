"""The lesson of notebook 00, start here."""

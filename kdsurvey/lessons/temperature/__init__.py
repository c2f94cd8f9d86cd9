"""The lesson of notebook 01, temperature."""

"""The lesson of notebook 10, feature fusion."""

"""The lesson of notebook 11, feature fusion."""

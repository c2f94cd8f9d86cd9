"""The panel of flow (FSP)."""

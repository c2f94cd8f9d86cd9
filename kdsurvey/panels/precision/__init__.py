"""The panel of low precision (Apprentice)."""

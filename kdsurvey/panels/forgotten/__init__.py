"""The panel of the omitted digit."""

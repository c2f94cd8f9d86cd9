"""The panel of peers (deep mutual learning)."""

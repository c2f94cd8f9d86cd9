"""The panel of generations (born-again networks)."""

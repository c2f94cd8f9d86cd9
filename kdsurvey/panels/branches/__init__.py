"""The panel of branches (ONE, FFL, EnsembleNet)."""

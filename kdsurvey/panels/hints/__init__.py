"""The panel of hints (FitNets)."""

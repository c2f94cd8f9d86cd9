"""The panel of a net that grows (Net2Net)."""

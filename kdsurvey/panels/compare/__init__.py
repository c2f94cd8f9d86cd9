"""The panel of two methods, side by side."""

"""The panel that shows any epoch of a finished run."""

"""The panel of a live distillation."""

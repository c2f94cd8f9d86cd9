"""The panel of one image at a temperature."""

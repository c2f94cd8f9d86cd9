"""A few ways to train one net, side by side, an epoch each in turn."""

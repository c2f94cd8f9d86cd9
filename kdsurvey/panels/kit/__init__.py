"""What every panel is built on, one subject a file."""

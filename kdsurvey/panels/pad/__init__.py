"""The digit pad."""

"""The panel of gains by temperature and weight."""

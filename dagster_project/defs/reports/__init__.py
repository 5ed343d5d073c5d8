"""Documents to raw tables."""

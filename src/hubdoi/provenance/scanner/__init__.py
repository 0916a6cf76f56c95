"""Which models and datasets code loads, read from its source. No code is run."""

"""Which models and datasets code loads: from its source, and from a running kernel."""

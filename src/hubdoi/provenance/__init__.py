"""Which models and datasets code loads: from its source, and from a running kernel."""

FILE_SUFFIX = ".provenance.json"
"""How the name of the file ends that keeps what a run recorded."""

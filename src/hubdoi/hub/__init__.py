"""A Hub: its repositories, its DOI API and the wire format."""

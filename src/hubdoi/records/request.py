"""What an institution may decide before it happens."""

REQUESTS = ("mint", "correction", "reservation")
"""The kinds of it."""

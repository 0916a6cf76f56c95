"""HTTP with one server: timeouts, retries, cache."""

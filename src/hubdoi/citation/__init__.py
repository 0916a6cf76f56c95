"""Citations: a version in, text out. Nothing here does I/O, and nothing heavy is imported."""

from .citation import FORMATS, Citation, cite

__all__ = ["FORMATS", "Citation", "cite"]

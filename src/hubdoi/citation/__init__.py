"""Citations: a version in, text out. Nothing heavy is imported before it is needed."""

from .choice import choose
from .citation import FORMATS, Citation, cite
from .styles import styles

__all__ = ["FORMATS", "Citation", "choose", "cite", "styles"]

"""Citations: a version in, text out. Nothing heavy is imported before it is needed."""

from .badge import Badge, badge
from .choice import choose
from .citation import FORMATS, Citation, cite
from .styles import styles

__all__ = ["FORMATS", "Badge", "Citation", "badge", "choose", "cite", "styles"]

"""Which models and datasets a notebook uses, at which revision, and how they are cited."""

from __future__ import annotations

from .scanning import uses
from .use import Unclear, Use, Uses

__all__ = ["Unclear", "Use", "Uses", "uses"]

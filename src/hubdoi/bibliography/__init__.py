"""Which models and datasets a notebook uses, at which revision, and how they are cited."""

from __future__ import annotations

from ..provenance.live import uses_of_session
from ..provenance.scanner.scanning import uses
from ..provenance.use import Unclear, Use, Uses
from .check import check
from .citing import cite_uses, review
from .findings import Finding
from .reports import CheckReport
from .verdict import Review, ReviewTable, Verdict

__all__ = [
    "CheckReport",
    "Finding",
    "Review",
    "ReviewTable",
    "Unclear",
    "Use",
    "Uses",
    "Verdict",
    "check",
    "cite_uses",
    "review",
    "uses",
    "uses_of_session",
]

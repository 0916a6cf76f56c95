"""People and organisations by name: ORCID's and ROR's public look-ups."""

from .lookup import KINDS, LookUp
from .match import Match

__all__ = ["KINDS", "LookUp", "Match"]

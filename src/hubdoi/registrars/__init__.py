"""What registers a DOI: the protocol, and one file for each register."""

from .base import Registrar

__all__ = ["Registrar"]

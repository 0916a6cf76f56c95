"""A DOI, as registered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from .errors import InvalidDoi

SANDBOX_PREFIX = "10.5072"
"""The test prefix of the DOI system; it never resolves at doi.org."""

HUB_PREFIXES = ("10.57967", SANDBOX_PREFIX)
"""The prefixes of the DOIs that a Hub registers: huggingface.co, and the sandbox."""

_PATTERN = re.compile(r"10\.[0-9]{4,9}(?:\.[0-9]+)*/\S+")
_PROXIES = ("doi.org", "dx.doi.org", "www.doi.org", "hdl.handle.net")
_MAX_LENGTH = 2048


@dataclass(frozen=True, slots=True, eq=False)
class Doi:
    """A DOI name such as ``10.57967/hf/0039``: compared without case, shown as registered."""

    name: str

    def __post_init__(self) -> None:
        if (
            not isinstance(self.name, str)
            or len(self.name) > _MAX_LENGTH
            or not _well_formed(self.name)
        ):
            raise InvalidDoi(
                f"{_shown(self.name)} is not a DOI; write it like 10.57967/hf/0039 or https://doi.org/10.57967/hf/0039."
            )

    @classmethod
    def parse(cls, text: str | Doi) -> Doi:
        """Read a DOI in any of its forms: bare, ``doi:``, with ``DOI:`` and a space, or a doi.org URL.

        Raises:
            InvalidDoi: `text` is none of them.
        """
        if isinstance(text, Doi):
            return text
        stripped = str(text).strip()
        name = re.sub(r"^(?:info:)?doi\s*[:/]\s*", "", stripped, flags=re.IGNORECASE).strip()
        if re.match(r"(?i)https?://|(?:dx\.|www\.)?doi\.org/", name):
            name = _in_address(name)
        try:
            return cls(name)
        except InvalidDoi:
            raise InvalidDoi(
                f"{_shown(stripped)} is not a DOI; write it like 10.57967/hf/0039 or https://doi.org/10.57967/hf/0039."
            ) from None

    @classmethod
    def is_doi(cls, text: str) -> bool:
        """Whether `text` is a DOI in one of its forms."""
        try:
            cls.parse(text)
        except InvalidDoi:
            return False
        return True

    @property
    def key(self) -> str:
        """The form to compare and look up by: DOI names do not depend on case."""
        return self.name.lower()

    @property
    def prefix(self) -> str:
        return self.name.partition("/")[0]

    @property
    def suffix(self) -> str:
        return self.name.partition("/")[2]

    @property
    def url(self) -> str:
        """The link in the form that DataCite and Crossref ask for."""
        return "https://doi.org/" + quote(self.name, safe="/:;()._-")

    @property
    def is_from_hub(self) -> bool:
        """Whether a Hub itself registered it (``10.57967/hf/0039``), and so locks its repository."""
        return self.prefix in HUB_PREFIXES and self.suffix.lower().startswith("hf/")

    @property
    def is_sandbox(self) -> bool:
        """Whether this is a test DOI, which nobody can resolve at doi.org."""
        return self.prefix == SANDBOX_PREFIX

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Doi):
            return self.key == other.key
        if isinstance(other, str):
            return self.key == other.lower()
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"Doi({self.name!r})"


def _well_formed(name: str) -> bool:
    return _PATTERN.fullmatch(name) is not None and name.isprintable()


def _in_address(address: str) -> str:
    """The DOI in the address of a resolver, else `address` itself."""
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
        host = parts.hostname or ""
    except ValueError:
        return address
    if host in _PROXIES:
        return unquote(parts.path.lstrip("/"))
    # A Hub that resolves DOIs itself, as the sandbox does: …/doi/10.5072/hf/0001
    return unquote(parts.path.partition("/doi/")[2]) or address


def _shown(text: object) -> str:
    shown = str(text)
    return repr(shown if len(shown) <= 60 else shown[:57] + "…")

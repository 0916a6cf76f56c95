"""A DOI, as registered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase
from urllib.parse import quote, unquote, urlsplit

from .errors import InvalidDoi

TEST_PREFIX = "10.5072"
"""The test prefix of the DOI system; it never resolves at doi.org."""

HUB_PREFIXES = ("10.57967", TEST_PREFIX)
"""The prefixes of the DOIs that a Hub registers: that of huggingface.co, and the test prefix."""

# DOI names are compared in ASCII case alone (DOI Handbook 2.4): "K" is not the sign for kelvin.
_ASCII_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_DOT_SEGMENTS = frozenset({".", ".."})
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
        """Read a DOI in any of its forms: bare, after ``doi:``, ``DOI:`` or ``DOI`` and a space, or a doi.org URL.

        Raises:
            InvalidDoi: `text` is none of them.
        """
        if isinstance(text, Doi):
            return text
        stripped = str(text).strip()
        name = re.sub(
            r"^(?:info:)?doi(?:\s*[:/]\s*|\s+)", "", stripped, flags=re.IGNORECASE | re.ASCII
        ).strip()
        if re.match(r"(?ai)https?://|(?:dx\.|www\.)?doi\.org/", name):
            name = _in_url(name)
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
        """The form to compare and look up by: the case of ASCII letters does not matter."""
        return doi_key(self.name)

    @property
    def prefix(self) -> str:
        return self.name.partition("/")[0]

    @property
    def suffix(self) -> str:
        return self.name.partition("/")[2]

    @property
    def url(self) -> str:
        """The link in the form that DataCite and Crossref ask for."""
        return "https://doi.org/" + self.in_url

    @property
    def in_url(self) -> str:
        """The name as the end of a URL's path.

        Browsers and proxies resolve the dots in ``10.5072/../x`` (RFC 3986, 5.2.4) and would ask
        for another record: a name with such a part has its slashes encoded.
        """
        has_dots = not _DOT_SEGMENTS.isdisjoint(self.name.split("/"))
        return quote(self.name, safe=":;()._-" if has_dots else "/:;()._-")

    @property
    def is_from_hub(self) -> bool:
        """Whether a Hub itself registered it (``10.57967/hf/0039``), and so locks its repository."""
        return self.prefix in HUB_PREFIXES and self.suffix.lower().startswith("hf/")

    @property
    def is_test(self) -> bool:
        """Whether this is a test DOI, which nobody can resolve at doi.org."""
        return self.prefix == TEST_PREFIX

    def url_at(self, hub: str) -> str:
        """The link for someone who uses `hub`: a test DOI resolves only there."""
        return f"{hub.rstrip('/')}/doi/{self.in_url}" if self.is_test else self.url

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Doi):
            return self.key == other.key
        if isinstance(other, str):
            return self.key == doi_key(other)
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"Doi({self.name!r})"


def doi_key(text: str) -> str:
    """The form in which a DOI name, or a part of one, is compared."""
    return text.lower() if text.isascii() else text.translate(_ASCII_LOWER)


def _well_formed(name: str) -> bool:
    return _PATTERN.fullmatch(name) is not None and name.isprintable()


def _in_url(url: str) -> str:
    """The DOI in the URL of a resolver, else `url` itself."""
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        host = parts.hostname or ""
    except ValueError:
        return url
    # A browser that is given this URL asks for something else.
    if not _DOT_SEGMENTS.isdisjoint(re.sub("(?i)%2e", ".", parts.path).split("/")):
        return url
    if host in _PROXIES:
        return unquote(parts.path.lstrip("/"))
    # A Hub may resolve DOIs itself: …/doi/10.5072/hf/0001
    return unquote(parts.path.partition("/doi/")[2]) or url


def _shown(text: object) -> str:
    shown = str(text)
    return repr(shown if len(shown) <= 60 else shown[:57] + "…")

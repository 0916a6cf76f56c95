"""Who made a model or a dataset: a person, an organisation, or a name that does not say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal
from unicodedata import category

from .errors import InvalidAuthor
from .names import (
    kind_of,
    looks_like_organization,
    looks_like_person,
    reading_order,
    readings,
    split_person,
)

AuthorType = Literal["person", "organization"]

MAX_NAME = 500
"""Characters that a name, an affiliation may have; longer ones are refused, never cut."""
_MAX_ORCID = 100

_ORCID = re.compile(r"([0-9]{4})-?([0-9]{4})-?([0-9]{4})-?([0-9]{3}[0-9Xx])")
_ROR = re.compile(r"0[a-hj-km-np-tv-z0-9]{6}[0-9]{2}")
# What stands in round brackets is an ORCID iD only if it looks like one: "CERN (2020)" is a name.
_LIKE_ORCID = re.compile(r"(?:https?://)?(?:www\.)?orcid\.org/.*|[0-9Xx -]{8,}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Author:
    """One creator, in DataCite's sense.

    `name` is as registered: ``Lovelace, Ada`` for a person whose names are known apart.
    `type` is None where a record does not say whether it is a person or an organisation.
    `orcid` is ``0000-0001-…`` and `ror` is the nine characters of the ROR iD, both bare;
    `ror` is the organisation's own, or that of a person's affiliation.

    Raises:
        InvalidAuthor: the name is empty, too long or has control characters, or an identifier's
            form or checksum is wrong.
    """

    name: str
    type: AuthorType | None = None
    given: str | None = None
    family: str | None = None
    orcid: str | None = None
    affiliation: str | None = None
    ror: str | None = None

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        set_(self, "name", _text(self.name, "An author's name"))
        if self.type not in (None, "person", "organization"):
            raise InvalidAuthor(
                f"{str(self.type)[:60]!r} is not a type of author; it is 'person' or 'organization'."
            )
        for field in ("given", "family", "affiliation"):
            value = getattr(self, field)
            set_(self, field, _text(value, f"An author's {field}") if value else None)
        set_(self, "orcid", check_orcid(self.orcid) if self.orcid else None)
        set_(self, "ror", check_ror(self.ror) if self.ror else None)
        if self.orcid and self.type == "organization":
            raise InvalidAuthor(f"{self.name} is an organisation; only a person has an ORCID iD.")

    @classmethod
    def person(cls, full_name: str, **more: Any) -> Author:
        """A person from a name in reading order (``Ada Lovelace``) or inverted (``Lovelace, Ada``)."""
        family, given = split_person(_text(full_name, "An author's name"))
        name = f"{family}, {given}" if given else family
        return cls(name, "person", given=given or None, family=family, **more)

    @classmethod
    def parse(cls, text: str | Author | Mapping[str, Any]) -> Author:
        """Read an author as a person writes one.

        ``Lovelace, Ada <0000-0002-1825-0097>`` and ``Ada Lovelace`` are persons, ``Analytical Engine
        Society`` is an organisation. A comma says person (``Plato,``), braces say organisation
        (``{OpenAI}``). A name that may be either has no type; `check_certain` refuses it. A mapping
        has the keys of `to_json`.

        Raises:
            InvalidAuthor: there is no name, or an identifier is wrong.
        """
        if isinstance(text, Author):
            return text
        if isinstance(text, Mapping):
            return cls.from_json(text)
        if not isinstance(text, str):
            raise InvalidAuthor(
                f"An author is written as text or as a mapping, not as {type(text).__name__}."
            )
        name, orcid = _split_orcid(_text(text, "An author", at_most=MAX_NAME + _MAX_ORCID))
        return cls._from_name(name, orcid=check_orcid(orcid) if orcid else None)

    @classmethod
    def _from_name(cls, name: str, **more: Any) -> Author:
        """With the type that the name's form says; without one where it can be read in two ways."""
        if name.startswith("{") and name.endswith("}"):
            return cls(name.strip("{} "), "organization", **more)
        kind = "person" if more.get("orcid") else kind_of(name)
        if kind == "person":
            return cls.person(name, **more)
        return cls(name, kind, **more)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Author:
        """The author that `to_json` wrote, or one as a YAML body has it (name, orcid, affiliation, ror).

        Raises:
            InvalidAuthor: a value is missing, unknown or wrong.
        """
        if not isinstance(data, Mapping):
            raise InvalidAuthor("An author is a mapping with a name.")
        known = ("name", "type", "given", "family", "orcid", "affiliation", "ror")
        unknown = sorted(str(key) for key in data if key not in known)
        if unknown:
            raise InvalidAuthor(
                f"An author has no {unknown[0][:60]!r}; the keys are {', '.join(known)}."
            )
        values = {key: data[key] for key in known if data.get(key) is not None}
        for key, value in values.items():
            if not isinstance(value, str):
                raise InvalidAuthor(f"An author's {key} is text, not {type(value).__name__}.")
        if not values.get("name") and values.get("family"):
            values["name"] = ", ".join(filter(None, (values["family"], values.get("given"))))
        if "name" not in values:
            raise InvalidAuthor("An author needs a name.")
        if values.get("given") or values.get("family"):
            # Names that are known apart already are not taken apart again.
            values.setdefault("type", "person")
            return cls(**values)
        for part in ("given", "family"):
            values.pop(part, None)
        if values.get("type") == "person":
            values.pop("type")
            return cls.person(values.pop("name"), **values)
        if "type" in values:
            return cls(**values)
        return cls._from_name(values.pop("name"), **values)

    def to_json(self) -> dict[str, str]:
        """The author as JSON, without what is not known."""
        fields = ("name", "type", "given", "family", "orcid", "affiliation", "ror")
        return {field: value for field in fields if (value := getattr(self, field))}

    @property
    def orcid_url(self) -> str | None:
        return f"https://orcid.org/{self.orcid}" if self.orcid else None

    @property
    def ror_url(self) -> str | None:
        return f"https://ror.org/{self.ror}" if self.ror else None

    @property
    def display_name(self) -> str:
        """The name in reading order: ``Ada Lovelace``."""
        if self.type == "person" and self.family:
            return reading_order(self.family, self.given)
        return self.name

    @property
    def romanised(self) -> Author:
        """The same author in Latin letters, where the record gives both: ``山田太郎 (Taro Yamada)``.

        Nothing is transliterated here; without a romanisation of its own the name is as it is.
        """
        if self.name.isascii() and (self.family or "").isascii():
            return self
        outside, _, inside = self.name.removesuffix(")").partition("(")
        inside = inside.strip()
        if self.name.endswith(")") and inside.isascii() and inside and not outside.isascii():
            family, given = split_person(inside)
            if self.type == "organization" or not given:
                return self.replace(name=inside, given=None, family=None)
            name = f"{family}, {given}"
            if self.type is None:
                # Nobody said that it is a person's: it stays whole.
                return self.replace(name=name, given=None, family=None)
            return self.replace(name=name, family=family, given=given)
        family, given = split_person(self.name)
        if self.type == "person" and self.name.isascii() and not (self.family or "").isascii():
            return self.replace(family=family, given=given or None)
        return self

    def derived(self) -> Author:
        """The same author, with what the name says and nobody said: which type, which family name.

        A name that could be read in two ways stays whole and untyped, as in a record.
        """
        if self.type == "organization" or (self.type and (self.given or self.family)):
            return self
        if self.given or self.family:
            return self.replace(type="person")
        if self.type or self.orcid or looks_like_person(self.name):
            family, given = split_person(self.name)
            return self.replace(type="person", family=family, given=given or None)
        if looks_like_organization(self.name):
            return self.replace(type="organization")
        return self

    def check_certain(self) -> Author:
        """The same author, when it is known what the name is and which part is the family name (R5).

        Raises:
            InvalidAuthor: the name can be read in two ways; the message shows them, and how to be
                explicit.
        """
        if self.type == "organization" or (self.type == "person" and self.given):
            return self
        if self.type is None and (self.given or self.family):
            return self.derived().check_certain()
        if self.type is None and kind_of(self.name):
            # ``Author("Lovelace, Ada")``: nobody said what it is, and its form does.
            return self._from_name(
                self.name, orcid=self.orcid, affiliation=self.affiliation, ror=self.ror
            ).check_certain()
        shown = self.name if len(self.name) <= 60 else f"{self.name[:59]}…"
        if self.type is None:
            family, given = split_person(self.name)
            person = f"{family}, {given}".strip(" ")
            raise InvalidAuthor(
                f'{shown!r} may be a person or an organisation; write "{person}" for a person, '
                f'or "{{{shown}}}" (type: organization) for an organisation.'
            )
        offered = readings(self.name) if "," not in self.name and len(self.name.split()) > 2 else ()
        if offered and self.family == self.name:
            either = " or ".join(f'"{reading}"' for reading in offered[:3])
            raise InvalidAuthor(f"{shown!r} can be split in more than one way; write {either}.")
        return self

    def replace(self, **changes: Any) -> Author:
        return replace(self, **changes)


def check_distinct(authors: Iterable[Author]) -> tuple[Author, ...]:
    """The authors, when no two have the same ORCID iD: it names one person.

    Raises:
        InvalidAuthor: two have.
    """
    found = tuple(authors)
    known: dict[str, str] = {}
    for author in found:
        if author.orcid is None:
            continue
        if author.orcid in known:
            raise InvalidAuthor(
                f"Two authors have the ORCID iD {author.orcid}: {known[author.orcid]} and {author.name}. Each person has an iD of their own."
            )
        known[author.orcid] = author.name
    return found


def check_orcid(text: str) -> str:
    """The bare ORCID iD in `text`, with its ISO 7064 11-2 checksum verified.

    Raises:
        InvalidAuthor: the form or the checksum is wrong.
    """
    bare = re.sub(
        r"^(?:https?://)?(?:www\.)?orcid\.org/", "", str(text).strip(), flags=re.IGNORECASE
    )
    match = _ORCID.fullmatch(bare.strip("/ "))
    if not match:
        raise InvalidAuthor(
            f"{str(text)[:60]!r} is not an ORCID iD; it looks like 0000-0002-1825-0097."
        )
    digits = "".join(match.groups()).upper()
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    expected = (12 - total % 11) % 11
    if digits[-1] != ("X" if expected == 10 else str(expected)):
        raise InvalidAuthor(
            f"The ORCID iD {str(text)[:60]} has a typing error: its last character does not fit the others."
        )
    return "-".join(digits[i : i + 4] for i in range(0, 16, 4))


def check_ror(text: str) -> str:
    """The bare ROR iD in `text`, with its ISO 7064 97-10 checksum verified.

    Raises:
        InvalidAuthor: the form or the checksum is wrong.
    """
    bare = re.sub(
        r"^(?:https?://)?(?:www\.)?ror\.org/", "", str(text).strip(), flags=re.IGNORECASE
    ).lower()
    if not _ROR.fullmatch(bare):
        raise InvalidAuthor(
            f"{str(text)[:60]!r} is not a ROR iD; it looks like https://ror.org/05a28rw58."
        )
    # ROR's Crockford base 32 leaves out i, l, o, u; the last two digits are the checksum.
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    number = 0
    for character in bare[:7]:
        number = number * 32 + alphabet.index(character)
    if 98 - (number * 100) % 97 != int(bare[7:]):
        raise InvalidAuthor(
            f"The ROR iD {str(text)[:60]} has a typing error: its last two digits do not fit the others."
        )
    return bare


def _split_orcid(text: str) -> tuple[str, str | None]:
    """``Lovelace, Ada <0000-…>`` or ``(0000-…)`` as the name and what is in the brackets."""
    for opening, closing in ("<>", "()"):
        name, found, inside = text.removesuffix(closing).rpartition(opening)
        if not found or not text.endswith(closing) or not any(map(str.isdigit, inside)):
            continue
        if opening == "<" or _LIKE_ORCID.fullmatch(inside.strip()):
            return name.strip(), inside
    return text, None


def _text(value: object, what: str, *, at_most: int = MAX_NAME) -> str:
    if not isinstance(value, str):
        raise InvalidAuthor(f"{what} is text, not {type(value).__name__}.")
    text = " ".join(value.split())
    # What is all marks of direction and joiners cannot be seen, and is no name.
    if all(category(character) in ("Cf", "Zs") for character in text):
        raise InvalidAuthor(f"{what} is empty.")
    if len(text) > at_most:
        raise InvalidAuthor(f"{what} has {len(text):,} characters; {at_most} are allowed.")
    # What can be printed is none of these.
    if not text.isprintable() and any(
        ord(character) < 32 or 127 <= ord(character) < 160 or 0xD800 <= ord(character) < 0xE000
        for character in text
    ):
        raise InvalidAuthor(f"{what} contains control characters; remove them.")
    return text

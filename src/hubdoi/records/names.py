"""Names of persons and organisations: which is which, and which part is the family name."""

from __future__ import annotations

import re

__all__ = ["looks_like_organization", "split_person"]

_PARTICLES = frozenset(
    "af al at auf av da das de degli dei del della den der des di do dos du el la las le les los "
    "lo na op st te ten ter van vande vander vom von zu zum zur y bin ibn ben bint".split()
)
_ORGANIZATION_WORDS = frozenset(
    "academy agency ai alliance association bank bureau center centre centro club college committee "
    "community company consortium corp corporation council department engine faculty foundation "
    "gmbh group hospital inc institut institute instituto lab laboratories laboratory labs library "
    "limited llc ltd maintainers ministry museum network observatory office organisation organization "
    "project research school sciences society studies team technologies technology trust universidad "
    "universidade university università universität université".split()
)


def looks_like_organization(name: str) -> bool:
    """Whether the words of `name` say that it is an organisation; False means "cannot tell"."""
    words = re.findall(r"[^\W\d_]+", name.lower())
    return any(word in _ORGANIZATION_WORDS for word in words)


def split_person(name: str) -> tuple[str, str]:
    """The family and given names in ``Ada Lovelace``, ``Lovelace, Ada`` or ``Leandro von Werra``.

    A single name is all family name: that cannot come out wrong.
    """
    family, comma, given = name.partition(",")
    if comma:
        return family.strip() or given.strip(), given.strip() if family.strip() else ""
    words = name.split()
    if len(words) < 2:
        return name.strip(), ""
    start = len(words) - 1
    while start > 1 and words[start - 1].lower() in _PARTICLES and words[start - 1].islower():
        start -= 1
    return " ".join(words[start:]), " ".join(words[:start])

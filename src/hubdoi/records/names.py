"""Names of persons and organisations: which is which, and which part is the family name.

A name is only taken apart where its form says how. One that could be read in two ways stays whole:
sorted by its first word perhaps, but never printed wrong.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from .organizations import Kind, is_like_initials, kind_at_comma, may_be_either, says_organization

# After these the family name has begun, whatever stands before them is given names.
_GERMANIC = frozenset(
    "af auf av den der op ten ter thoe tot van vande vanden vander vom von zu zum zur".split()
)
# Before these another family name may stand: Oliveira dos Santos, Ortega y Gasset, García de la Cruz.
_ROMANCE = frozenset(
    "d da das de degli dei del della delle di do dos du e el i la las le les lo los y".split()
)
_SEMITIC = frozenset("abu al bar ben bin bint el ibn ould".split())
_PARTICLES = _GERMANIC | _ROMANCE | _SEMITIC
_CONJUNCTIONS = frozenset("e i y".split())
_SUFFIX = re.compile(r"(?:[Jj]r|[Ss]r|JR|SR)\.?|[JS]unior|II|III|IV|VI{0,3}|2nd|3rd|4th")
_DEGREE = re.compile(
    r"(?:Ph\.? ?D|D\.?Phil|M\.?Phil|M\.?Sc|B\.?Sc|Dr|Prof|Esq|MBA|MEng|Dipl\.-Ing)\.?"
)
# Initials of a given name may look like these: "Smith, M.D."
_DEGREE_OR_INITIALS = re.compile(
    r"(?:M\.?D|J\.?D|M\.?A|B\.?A|M\.?S|B\.?S|M\.?Ed|MPH|RN|FRS|DDS)\.?"
)
_INITIALS = re.compile(r"(?:[^\W\d_]\.?-?){1,4}\.|[^\W\d_]\.?")
_PATRONYMIC = re.compile(r".+(?:ович|евич|ьич|овна|евна|ична|инична)", re.IGNORECASE)
_NOT_PERSONS = frozenset(["hugging face"])
"""Names of organisations of the Hub that are written like a person's."""
_ARABIC_COMPOUNDS = frozenset("عبد أبو ابو أبي ابن بن أم".split())


def kind_of(name: str) -> Kind | None:
    """Whether `name` is a person's or an organisation's as far as its form says; else None.

    A comma says person (``Press, Ofir``), unless a legal form follows it (``Foo, AG``) or what
    stands on either side is no name of a person (``University of Bath, Library``). Without a comma
    the words say organisation, and two words or more that are written like names say person.
    """
    name = without_degrees(name)
    before, comma, after = (part.strip() for part in name.partition(","))
    if comma:
        if not before or not after:
            return "person" if before else None
        parts = [part.strip() for part in after.split(",")]
        given = [part for part in parts if not _is_suffix(part)]
        if len(given) > 1:
            return "organization" if kind_at_comma(before, parts[-1]) == "organization" else None
        return kind_at_comma(before, given[0]) if given else kind_of(before)
    if says_organization(name):
        return "organization"
    return "person" if not may_be_either(name) and _is_written_like_a_person(name) else None


def looks_like_organization(name: str) -> bool:
    """Whether the words of `name` say that it is an organisation; False means "cannot tell"."""
    return kind_of(name) == "organization"


def looks_like_person(name: str) -> bool:
    """Whether `name` has the form ``Family, Given`` in which records register persons."""
    family, comma, given = (part.strip() for part in name.partition(","))
    if not comma or not family or not given:
        return False
    if kind_of(name) != "person" and not (is_like_initials(given) and kind_of(family) is None):
        return False
    if re.search(r"[\d;&/@|]|\band\b|\bet al\b", name, re.IGNORECASE):
        return False
    parts = [part.strip() for part in given.split(",")]
    if len(parts) > 2 or (len(parts) == 2 and not any(map(_is_suffix, parts))):
        return False
    long_words = [word for word in given.split() if not _INITIALS.fullmatch(word)]
    return len(family.split()) <= 4 and len(long_words) <= 3


def without_degrees(name: str) -> str:
    """`name` without the academic degrees that follow it: ``Ada Lovelace, PhD``."""
    parts = name.split(",")
    while len(parts) > 1 and (
        _DEGREE.fullmatch(parts[-1].strip())
        or (
            _DEGREE_OR_INITIALS.fullmatch(parts[-1].strip())
            and (len(parts) > 2 or len(parts[0].split()) > 1)
        )
    ):
        parts.pop()
    return ",".join(parts)


def readings(name: str) -> tuple[str, ...]:
    """The ways in which a person's name of three words and more can be taken apart, inverted."""
    words = without_degrees(name).split()
    return tuple(
        f"{' '.join(words[place:])}, {' '.join(words[:place])}"
        for place in range(len(words) - 1, 0, -1)
    )


@lru_cache(maxsize=1024)
def split_person(name: str) -> tuple[str, str]:
    """The family and given names in ``Ada Lovelace``, ``Lovelace, Ada`` or ``Leandro von Werra``.

    A suffix (``Jr.``, ``III``) stays with the family name. A single name, and one that could be
    taken apart in two ways (``Nicholas Kluge Corrêa``), is all family name: that cannot come out
    wrong.
    """
    name = without_degrees(" ".join(name.split()))
    if "," in name:
        return _split_at_comma(name)
    words = name.split()
    suffix = [words.pop()] if len(words) > 2 and _is_suffix(words[-1]) else []
    if len(words) < 2:
        return name, ""
    start, end = _family_place(words)
    family = " ".join([*words[start:end], *suffix])
    given = " ".join([*words[:start], *words[end:]])
    return (family, given) if given else (name, "")


def split_suffix(family: str) -> tuple[str, str]:
    """The family name and its suffix: ``King Jr.`` is ``King`` and ``Jr.``"""
    before, space, last = family.rpartition(" ")
    return (before, last) if space and _is_suffix(last) else (family, "")


def reading_order(family: str, given: str | None) -> str:
    """The name as it is read: ``Ada Lovelace``, ``李小明``, ``Martin King Jr.``"""
    if not given:
        return family
    if is_east_asian(family + given):
        return f"{family} {given}" if _is_hangul(family + given) else f"{family}{given}"
    return f"{given} {family}"


def _split_at_comma(name: str) -> tuple[str, str]:
    parts = [part.strip() for part in name.split(",") if part.strip()]
    if not parts:
        return name.strip(", ") or name, ""
    family, rest = parts[0], parts[1:]
    suffixes = [part for part in rest if _is_suffix(part)]
    given = ", ".join(part for part in rest if not _is_suffix(part))
    before, _, last = given.rpartition(" ")
    if before and not suffixes and _is_suffix(last) and last not in ("V", "VI"):
        # "van den Berg, Jan Jr."; "Smith, John V" has initials.
        suffixes, given = [last], before
    if suffixes and not given and len(family.split()) > 1:
        # "Martin King, Jr.": the comma only sets the suffix apart.
        whole, first = split_person(family)
        return f"{whole} {suffixes[0]}", first
    return " ".join([family, *suffixes[:1]]), given


def _family_place(words: list[str]) -> tuple[int, int]:
    """Where the family name begins and ends; (0, len) when that is unknown."""
    whole = (0, len(words))
    last = len(words) - 1
    if is_east_asian("".join(words)):
        return (0, 1) if len(words) == 2 else whole
    if any(_script(word) == "ARABIC" for word in words):
        return (1, 2) if len(words) == 2 and words[0] not in _ARABIC_COMPOUNDS else whole
    capitals = [_is_in_capitals(word) for word in words]
    if any(capitals) and not all(capitals):
        return _capital_place(words, capitals) or whole
    if _PATRONYMIC.fullmatch(words[last]) and len(words) == 3:
        return 0, 1
    particle = next((place for place in range(last) if words[place] in _PARTICLES), None)
    if particle is not None:
        return _particle_place(words, particle) or whole
    if _INITIALS.fullmatch(words[last]):
        # "Tolkien J.R.R." is inverted; "Junbum L." may be either.
        inverted = len(words) == 2 and words[last].count(".") > 1
        return (0, 1) if inverted else whole
    between = words[1:last]
    if all(_INITIALS.fullmatch(word) or _PATRONYMIC.fullmatch(word) for word in between):
        return last, last + 1
    return whole


def _particle_place(words: list[str], place: int) -> tuple[int, int] | None:
    """The family name from its particle on, where nothing before it can belong to it."""
    before = words[:place]
    if not before:
        return None
    if words[place] in _CONJUNCTIONS:
        # Ramón y Cajal: the word before belongs to it; there must be a given name left.
        return (place - 1, len(words)) if place == 2 else None
    names = [word for word in before if not _INITIALS.fullmatch(word)]
    if words[place] in _GERMANIC or len(names) <= 1:
        return place, len(words)
    return None


def _capital_place(words: list[str], capitals: list[bool]) -> tuple[int, int] | None:
    """``LOVELACE Ada``, ``Nicholas KLUGE CORRÊA``: the words in capitals, when they are one run."""
    start = capitals.index(True)
    end = len(capitals) - capitals[::-1].index(True)
    if not all(capitals[start:end]) or (start > 0 and end < len(words)):
        return None
    while start > 0 and words[start - 1] in _PARTICLES:
        start -= 1
    return (start, end) if start > 0 or end < len(words) else None


def _is_in_capitals(word: str) -> bool:
    """Whether a word is shouted; three letters or less may be initials (JRR Tolkien)."""
    letters = [character for character in word if character.isalpha()]
    return len(letters) > 3 and word.isupper() and "." not in word


def _is_written_like_a_person(name: str) -> bool:
    """``Ada Lovelace``, ``Leandro von Werra``, ``J.R.R. Tolkien``, ``李 小明``: two to five words, each a name."""
    words = name.split()
    if not 2 <= len(words) <= 5 or name.lower() in _NOT_PERSONS:
        return False
    if any(map(is_east_asian, words)):
        return all(map(is_east_asian, words)) and len(words) == 2
    plain = [word for word in words if word not in _PARTICLES and not _is_suffix(word)]
    return len(plain) >= 2 and all(map(_is_name_word, plain))


def _is_name_word(word: str) -> bool:
    if _INITIALS.fullmatch(word):
        return True
    letters = re.sub(r"[-'’.‘·]", "", word)
    if not letters.isalpha() or (letters[0].islower() and letters[0] != letters[0].upper()):
        return letters.isalpha() and re.match(r"[dl]['’]\w", word) is not None
    # "HF", "CERN": short words in capitals are initials of a person only before the family name.
    return not re.search(r"[a-z][A-Z]{2}", word)


def _is_suffix(word: str) -> bool:
    return _SUFFIX.fullmatch(word) is not None


def is_east_asian(text: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    return bool(letters) and all(
        _script(character) in ("CJK", "HANGUL", "HIRAGANA", "KATAKANA") for character in letters
    )


def _is_hangul(text: str) -> bool:
    return any(_script(character) == "HANGUL" for character in text)


def _script(text: str) -> str:
    """The first word of the Unicode name of the first letter: LATIN, CYRILLIC, ARABIC, CJK …"""
    letter = next((character for character in text if character.isalpha()), "")
    return unicodedata.name(letter, "").partition(" ")[0] if letter else ""

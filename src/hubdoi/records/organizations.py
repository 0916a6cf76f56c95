"""The words, endings and legal forms by which the name of an organisation is known."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

_WORDS = frozenset(
    "academy agency akademie alliance archive archives association asociación associação "
    "authors bibliothek biblioteca bibliothèque bureau center centre centro "
    "clinic collaboration collective college commission committee community company "
    "conference consortium contributors cooperative corporation council department "
    "developers ecole école engine enterprise facility faculty federation for forum foundation "
    "fundación gesellschaft government group hochschule hospital incorporated "
    "initiative institut institute instituto international istituto lab laboratoire laboratories "
    "laboratory labs laboratório library maintainers ministerio ministry museo museum "
    "museu national network observatory of office organisation organization partners partnership "
    "politecnico polytechnic programme project research sciences services société "
    "society software solutions studies studio studios survey systems team teams technologies "
    "technology the uni universidad universidade universitat universiteit university "
    "università universität université verein ventures workgroup workshop "
    "академия институт компания лаборатория университет фонд центр "
    "جامعة شركة مركز معهد مؤسسة مختبر".split()
)
_SURNAMES_TOO = frozenset(
    "ai bank board chair church club crew guild hub press school trust union".split()
)
"""Words of organisations that are names of persons as well: Ofir Press, Qingyao Ai, Dor Bank."""

# Scripts without spaces between words: the ending says it.
_ENDINGS = (
    "中心 公司 医院 大学 大學 委员会 委員会 学会 學會 学院 學院 学校 实验室 實驗室 研究所 研究院 "
    "研究室 协会 協会 機構 集团 财团 財団 연구소 연구실 대학교 대학 센터 학회 재단 주식회사"
).split()

_LEGAL_FORM = re.compile(
    r"(?:g?gmbh|ges\.?m\.?b\.?h|mbh|e\.\s?v|ug|ohg|gbr|kgaa|inc|incorporated|llc|l\.l\.c|llp|ltd|limited|"
    r"ltda|lda|corp|corporation|co|plc|pty|pvt|pbc|jsc|s\.?p\.?a|s\.?a\.?s|s\.?a\.?r\.?l|s\.?r\.?l|"
    r"aps|oyj|oü|uab|sia|kft|d\.o\.o|s\.r\.o|sp\.? z ?o\.?o|z\.o\.o|ооо|оао|пао)\.?",
    re.IGNORECASE,
)
# Written like the initials of a given name, so that only a person can say which it is.
_LIKE_INITIALS = re.compile(
    r"(?:ab|a\.?/?s|b\.?v|k\.?g|k\.?k|l\.?p|n\.?v|oy|s\.?a|s\.?e|s\.?l)\.?", re.I
)
_MORE_THAN_ONE = re.compile(r";|\bet al\b|\band\b|\bund\b|\bet\b", re.IGNORECASE)

Kind = Literal["person", "organization"]


def says_organization(name: str) -> bool:
    """Whether the words of `name`, in which no comma stands, are those of an organisation."""
    written = _words(name)
    words = [word.lower() for word in written]
    if len(name.split()) > 1 and _is_legal_form(name.split()[-1]):
        return True
    if any(word in _WORDS for word in words) or name.strip().endswith(tuple(_ENDINGS)):
        return True
    # In capitals or among three words and more it is not somebody's family name.
    return any(
        word in _SURNAMES_TOO and (len(words) > 2 or letters.isupper())
        for word, letters in zip(words, written, strict=True)
        if len(words) > 1
    )


def may_be_either(name: str) -> bool:
    """Whether `name`, in which no comma stands, has a word of organisations that persons have too."""
    return any(word.lower() in _SURNAMES_TOO for word in _words(name))


def kind_at_comma(before: str, after: str) -> Kind | None:
    """What ``before, after`` is: a person's ``Family, Given``, or a company's ``Foo, AG``.

    None where it can be read both ways: ``University of Bath, Library``, ``Foo, S.A.``
    """
    if after == "AG" or _LEGAL_FORM.fullmatch(after) or _is_compound_form(after):
        return "organization"
    if is_like_initials(after):
        return None
    if _MORE_THAN_ONE.search(f"{before}, {after}"):
        return None
    for part in (before, after):
        if len(part.split()) > 1 and any(word.lower() in _WORDS for word in _words(part)):
            return None
    return "person"


def _is_compound_form(text: str) -> bool:
    """Whether `text` is legal forms alone: ``GmbH & Co. KG``, ``Pty Ltd``."""
    parts = text.replace("&", " ").split()
    forms = [part for part in parts if part == "AG" or _LEGAL_FORM.fullmatch(part)]
    return len(parts) > 1 and bool(forms) and all(map(_is_legal_form, parts))


def is_like_initials(text: str) -> bool:
    """Whether `text` is a legal form that could be the initials of a given name: ``S.A.``"""
    return _LIKE_INITIALS.fullmatch(text) is not None and text.isupper()


def _is_legal_form(word: str) -> bool:
    if word in ("AG", "SE"):
        return True
    if _LEGAL_FORM.fullmatch(word):
        return True
    return is_like_initials(word) and "." not in word


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", unicodedata.normalize("NFC", name))

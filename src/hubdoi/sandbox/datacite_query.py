"""The query language of DataCite's API, as a condition on the register's records.

``titles.title:bert AND (creators.name:"Lovelace, Ada" OR prefix:10.5072) NOT state:draft``: words
beside each other must all be there, quotes hold words together, ``*`` stands at the end of a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from ..records.doi import doi_key
from .refusal import Refusal
from .registrar_tables import SEARCHED, records, search

_MAX_LENGTH = 60_000
_MAX_DEPTH = 30
_MAX_TERMS = 200
_MAX_DOIS = 1000

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<open>\() | (?P<close>\)) | (?P<and>&&) | (?P<or>\|\|) | (?P<not>!)
      | (?P<sign>[+-])(?=\S)
      | (?P<field>[A-Za-z_][\w.\\*-]*):(?=\S)
      | "(?P<quoted>(?:[^"\\]|\\.)*)"
      | (?P<word>(?:[^\s()"\\]|\\.)+)
    )""",
    re.VERBOSE | re.DOTALL,
)
_WORDS = {"AND": "and", "OR": "or", "NOT": "not"}

_DOIS = frozenset({"doi", "id", "uid", "_id"})
_CLIENTS = frozenset({"client-id", "client_id", "clientid", "client", "repository-id"})
_COLUMNS = {
    "titles": "title", "title": "title",
    "creators": "creators", "creator": "creators", "author": "creators", "authors": "creators",
    "contributors": "creators", "creator_names": "creators",
    "publisher": "publisher", "publisher_obj": "publisher",
    "publicationyear": "year", "publication_year": "year", "published": "year", "year": "year",
    "types": "type", "resourcetypegeneral": "type", "resource-type-id": "type",
    "resource_type_id": "type", "resourcetype": "type",
    "descriptions": "description", "description": "description",
    "subjects": "subjects", "subject": "subjects",
    "url": "url",
    "identifiers": "identifiers", "alternateidentifiers": "identifiers",
    "relatedidentifiers": "identifiers", "related_identifiers": "identifiers",
    "version": "other", "language": "other", "rightslist": "other", "formats": "other",
    "sizes": "other", "dates": "other", "fundingreferences": "other",
}  # fmt: skip
assert set(_COLUMNS.values()) <= set(SEARCHED)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str = ""


def condition(query: str, *, client: str) -> sa.ColumnElement[bool] | None:
    """What `query` asks of a record; None when it asks for nothing. `client` is the one account.

    Raises:
        Refusal: the query cannot be read, or asks for too much at once.
    """
    if len(query) > _MAX_LENGTH:
        raise _bad(f"it is longer than {_MAX_LENGTH:,} characters")
    return _Parser(list(_tokens(query)), client.lower()).parse()


def has_prefix(prefix: str) -> sa.ColumnElement[bool]:
    """Records whose DOI has this prefix; the index of DOIs answers it."""
    return _begins_with(f"{prefix.lower()}/")


class _Parser:
    def __init__(self, tokens: list[_Token], client: str) -> None:
        self._tokens = tokens
        self._at = 0
        self._client = client
        self._terms = 0

    def parse(self) -> sa.ColumnElement[bool] | None:
        if not self._tokens:
            return None
        found = self._any(0, None)
        if self._at < len(self._tokens):
            raise _bad("it has a closing bracket too many")
        return found

    def _any(self, depth: int, field: str | None) -> sa.ColumnElement[bool]:
        if depth > _MAX_DEPTH:
            raise _bad(f"its brackets are more than {_MAX_DEPTH} deep")
        dois: list[str] = []
        found: list[sa.ColumnElement[bool]] = []
        while True:
            doi = self._plain_doi(field)
            if doi is not None:
                dois.append(doi)
            else:
                found.append(self._all(depth, field))
            if not self._takes("or"):
                break
        if len(dois) > _MAX_DOIS:
            raise _bad(f"it names more than {_MAX_DOIS:,} DOIs")
        if dois:
            # One list, however many there are: a chain of comparisons would go too deep.
            found.append(records.c.doi_key.in_(dois))
        return found[0] if len(found) == 1 else sa.or_(*found)

    def _plain_doi(self, field: str | None) -> str | None:
        """A DOI between two ORs, as ``doi:(a OR b)`` and ``doi:a OR doi:b`` have them."""
        at = self._at
        if self._kind(at) == "field":
            field, at = self._tokens[at].text, at + 1
        alone = self._kind(at + 1) in ("or", "close", "end")
        if field not in _DOIS or self._kind(at) not in ("word", "quoted") or not alone:
            return None
        value = self._tokens[at]
        if value.kind == "word" and "*" in value.text:
            return None
        self._at = at + 1
        return _plain(value.text).lower()

    def _all(self, depth: int, field: str | None) -> sa.ColumnElement[bool]:
        found = [self._one(depth, field)]
        while True:
            if self._takes("and"):
                found.append(self._one(depth, field))
            elif self._kind(self._at) in ("or", "close", "end"):
                break
            else:
                found.append(self._one(depth, field))
        return found[0] if len(found) == 1 else sa.and_(*found)

    def _one(self, depth: int, field: str | None) -> sa.ColumnElement[bool]:
        token = self._next()
        if token.kind == "not" or (token.kind == "sign" and token.text == "-"):
            if depth > _MAX_DEPTH:
                raise _bad("it says NOT too often")
            return sa.not_(self._one(depth + 1, field))
        if token.kind == "sign":
            return self._one(depth + 1, field) if depth <= _MAX_DEPTH else sa.true()
        if token.kind == "open":
            found = self._any(depth + 1, field)
            if not self._takes("close"):
                raise _bad("a bracket is not closed")
            return found
        if token.kind == "field":
            if self._kind(self._at) == "open":
                self._at += 1
                found = self._any(depth + 1, token.text)
                if not self._takes("close"):
                    raise _bad("a bracket is not closed")
                return found
            return self._term(token.text, self._next())
        return self._term(field, token)

    def _term(self, field: str | None, token: _Token) -> sa.ColumnElement[bool]:
        if token.kind not in ("word", "quoted"):
            raise _bad("it ends, or continues, where a word is expected")
        self._terms += 1
        if self._terms > _MAX_TERMS:
            raise _bad(f"it has more than {_MAX_TERMS} words")
        if field is None and token.text == "*":
            return sa.true()
        open_end = token.kind == "word" and token.text.endswith("*")
        text = token.text[:-1] if open_end else token.text
        if token.kind == "word" and re.search(r"(?<!\\)[*?]", text):
            raise _bad("a * is allowed only at the end of a word")
        if token.kind == "word" and text[:1] in ("[", "{"):
            raise _bad("it has a range; ask for single values")
        return self._test(field, _plain(text), open_end)

    def _test(self, field: str | None, text: str, open_end: bool) -> sa.ColumnElement[bool]:
        name = field or ""
        exact = _EXACT.get(name)
        if exact is not None:
            return exact(text, open_end)
        if name in _CLIENTS:
            same = (
                self._client.startswith(text.lower()) if open_end else text.lower() == self._client
            )
            return sa.true() if same else sa.false()
        column = _COLUMNS.get(name) if field else None
        if field and column is None:
            # As DataCite does: no record has what no record can have.
            return sa.false()
        if not re.search(r"\w", text):
            return sa.true() if open_end else sa.false()
        phrase = '"' + text.replace('"', '""').replace("\0", " ") + '"' + ("*" if open_end else "")
        match = f"{column} : {phrase}" if column else phrase
        return records.c.id.in_(
            sa.select(search.c.rowid).where(sa.literal_column("register_search").op("MATCH")(match))
        )

    def _takes(self, kind: str) -> bool:
        if self._kind(self._at) != kind:
            return False
        self._at += 1
        return True

    def _kind(self, at: int) -> str:
        return self._tokens[at].kind if at < len(self._tokens) else "end"

    def _next(self) -> _Token:
        if self._at >= len(self._tokens):
            raise _bad("it ends where a word is expected")
        self._at += 1
        return self._tokens[self._at - 1]


def _doi_is(text: str, open_end: bool) -> sa.ColumnElement[bool]:
    return _begins_with(doi_key(text)) if open_end else records.c.doi_key == doi_key(text)


def _prefix_is(text: str, open_end: bool) -> sa.ColumnElement[bool]:
    return _begins_with(doi_key(text)) if open_end else has_prefix(text)


def _state_is(text: str, open_end: bool) -> sa.ColumnElement[bool]:
    return records.c.state == text.lower()


_EXACT: dict[str, Callable[[str, bool], sa.ColumnElement[bool]]] = {
    **dict.fromkeys(_DOIS, _doi_is),
    "prefix": _prefix_is,
    "state": _state_is,
    "aasm_state": _state_is,
}


def _begins_with(text: str) -> sa.ColumnElement[bool]:
    key = records.c.doi_key
    return sa.and_(key >= text, key < text + "\U0010ffff")


def _tokens(query: str) -> Iterator[_Token]:
    at, end = 0, len(query.rstrip())
    while at < end:
        match = _TOKEN.match(query, at)
        if match is None:
            raise _bad("a quotation mark is not closed")
        at = match.end()
        kind = str(match.lastgroup)
        text = match[kind]
        if kind == "word" and text in _WORDS:
            yield _Token(_WORDS[text])
        elif kind == "field":
            # titles.title, creators.nameIdentifiers.nameIdentifier: what comes first decides.
            path = text.replace("\\", "").lower()
            yield _Token(kind, path.partition(".")[0])
        else:
            yield _Token(kind, text)


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _bad(why: str) -> Refusal:
    return Refusal(400, f"The query cannot be read: {why}.")

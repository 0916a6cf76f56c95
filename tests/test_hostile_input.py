"""Every parser takes whatever there is, or says in one sentence why it does not.

The inputs are counted, and the count is printed at the end of the run.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubdoi.bibliography import uses
from hubdoi.bibliography.bibfile import BibFile
from hubdoi.citation import FORMATS, cite
from hubdoi.commands.completion import complete
from hubdoi.commands.grammar import HelpWanted, parse
from hubdoi.config import Config
from hubdoi.datacite.reader import version_from
from hubdoi.hub.answer import repo_info
from hubdoi.hub.wire import error_from_answer
from hubdoi.jupyter.commands import _body, _words
from hubdoi.provenance.scanner.ipython import plain_python
from hubdoi.provenance.scanner.target import addresses_in, read_address
from hubdoi.records import Author, Doi, MintRequest, Repo, Status, Version, parse_reference
from hubdoi.records.errors import HubdoiError
from hubdoi.records.moment import parse_moment
from hubdoi.records.repo_card import parse_card
from hubdoi.sandbox.accept import media_ranges, preferred
from hubdoi.sandbox.paths import check_path
from hubdoi.sandbox.refusal import Refusal

# Pieces that mean something to some parser, in every order and with anything in between.
_PIECES = st.sampled_from(
    "ada/tiny-bert datasets/ spaces/ hf:// https://huggingface.co/ doi: 10.57967/hf/0039 "
    "https://doi.org/ @ # ? % / \\ .. . : ; , & = + - -- _ ~ { } [ ] ( ) < > ' \" ` $ | * ! "
    "Lovelace, Ada 0000-0002-1825-0097 <0000-0001-2345-6789> https://orcid.org/ ror.org/ and "
    "@misc{ @string{ @comment @preamble{ title author = doi year }} %doi %%doi mint cite --agree "
    "--format bibtex --style --author --revision !pip %%bash --- authors: - name: &a *a !!python/object "
    "<script> </script> \\input{ \\write18 <!-- --> ]]> {{ }} ${ application/x-bibtex q=0.5 */* "
    "2026-11-23T09:00:00Z 9999999 -1 1e999 NaN null true \ufeff \u202e \u2028 \ud83d\ude00 \u0000 \x1b[31m "
    "\r\n \n \t İ ß é 中".split(" ")
)
TEXTS = st.lists(_PIECES | st.text(max_size=6), max_size=14).map("".join) | st.text(max_size=60)
LONG = st.tuples(_PIECES, st.integers(1, 3000)).map(lambda pair: pair[0] * pair[1])
WORDS = TEXTS | LONG
NAMES = st.sampled_from(
    "doi title titles creators name authors family given nameType publisher publicationYear types "
    "relatedIdentifiers url revision state versions head agree terms digest text error code version "
    "cells cell_type source metadata language_info id sha tags private cardData author lastModified "
    "created description license orcid affiliation ror repo type dates descriptions rightsList".split()
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | TEXTS, inner, max_size=5),
    max_leaves=12,
)
OBJECTS = st.dictionaries(NAMES | TEXTS, JSON, max_size=7)


def _examples(strategy: st.SearchStrategy[Any]) -> int:
    """Texts cost a hundredth of what objects cost to make up, so there are more of them."""
    present = settings.get_current_profile_name()
    of_objects = settings.get_profile(present).max_examples
    return of_objects if strategy in (OBJECTS, JSON) else 3 * of_objects


def _magic(text: str) -> None:
    try:
        parse(_words(text))
    except HelpWanted:
        return


def _command_line(words: list[str]) -> None:
    try:
        parse(words, prog="hubdoi")
    except HelpWanted:
        return


def _yaml_body(text: str) -> None:
    body = _body(text, ["mint", "ada/tiny-bert"])
    assert isinstance(body, dict)
    MintRequest.from_json(body)


def _bib_file(text: str, folder: Path) -> None:
    path = folder / "hostile.bib"
    content = text.encode("utf-8", "replace")
    path.write_bytes(content)
    # What is not ours is kept byte for byte.
    assert BibFile.read(path).content == content


def _notebook(data: dict[str, Any], folder: Path) -> None:
    path = folder / "hostile.ipynb"
    path.write_text(json.dumps(data), encoding="utf-8", errors="replace")
    uses(path)


def _cells(sources: list[str]) -> None:
    cells = [{"cell_type": "code", "source": source} for source in sources]
    uses({"cells": cells, "metadata": {}, "nbformat": 4})


def _record(data: dict[str, Any]) -> None:
    version = version_from({"doi": "10.1234/abc", **data})
    for name in FORMATS:
        assert isinstance(str(cite(version, name)), str)


def _reference(text: str) -> None:
    parsed = parse_reference(text, endpoint="https://huggingface.co")
    if isinstance(parsed, Doi):
        assert Doi.parse(str(parsed)) == parsed
    else:
        assert Repo.parse(str(parsed.repo)) == parsed.repo


def _author(text: str) -> None:
    author = Author.parse(text)
    assert Author.from_json(author.to_json()) == author


def _moment(text: str) -> None:
    try:
        assert parse_moment(text).tzinfo is not None
    except ValueError as error:
        # As it says; who reads a record goes on without the date.
        assert type(error) is ValueError


def _path(text: str) -> None:
    assert check_path(text) == text
    parts = text.split("/")
    assert ".." not in parts and "" not in parts and "\\" not in text


PARSERS: dict[str, tuple[Callable[..., Any], st.SearchStrategy[Any]]] = {
    "repository": (_reference, WORDS),
    "doi": (Doi.parse, WORDS),
    "author": (_author, WORDS),
    "author-mapping": (Author.from_json, OBJECTS),
    "mint-request": (MintRequest.from_json, OBJECTS),
    "yaml-body": (_yaml_body, WORDS),
    "magic-line": (_magic, WORDS),
    "command-line": (_command_line, st.lists(WORDS, max_size=6)),
    "completion": (complete, TEXTS),
    "bib-file": (_bib_file, WORDS),
    "notebook-file": (_notebook, OBJECTS),
    "notebook-cells": (_cells, st.lists(WORDS, max_size=3)),
    "cell-magics": (plain_python, WORDS),
    "addresses": (addresses_in, WORDS),
    "address": (read_address, TEXTS),
    "datacite-record": (_record, OBJECTS),
    "version": (Version.from_json, OBJECTS),
    "status": (
        lambda data: Status.from_json(data, endpoint="https://h.example"),
        OBJECTS,
    ),
    "hub-answer": (lambda data: repo_info(Repo("model", "a/b"), data, data), OBJECTS),
    "error-answer": (lambda data: error_from_answer(400, data, fallback="It failed."), JSON),
    "repo-card": (
        lambda text: parse_card(f"---\n{text}\n---\n{text}".encode("utf-8", "replace")),
        WORDS,
    ),
    "moment": (_moment, TEXTS),
    "accept-header": (lambda text: (media_ranges(text), preferred(text, ("text/html",))), WORDS),
    "file-path": (_path, WORDS),
    "settings": (lambda data: Config.resolve(data, environ={}), OBJECTS),
    "endpoint": (lambda text: Config.resolve({"endpoint": text}, environ={}), WORDS),
}


@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_takes_everything_or_says_why_not(
    name: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    parser, strategy = PARSERS[name]
    arguments = (tmp_path,) if name in ("bib-file", "notebook-file") else ()
    inputs = 0

    @settings(
        max_examples=_examples(strategy),
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(strategy)
    def feed(value: Any) -> None:
        nonlocal inputs
        inputs += 1
        try:
            parser(value, *arguments)
        except Refusal as refusal:
            assert 400 <= refusal.status < 500
        except HubdoiError as error:
            assert error.message.strip()
            assert len(error.message) < 1000

    feed()
    record_property("inputs", inputs)
    assert inputs >= _examples(strategy) // 2


def test_words_of_a_magic_are_those_of_a_shell() -> None:
    assert _words("cite 'a b' c") == shlex.split("cite 'a b' c")

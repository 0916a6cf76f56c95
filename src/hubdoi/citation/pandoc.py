"""Pandoc's citeproc: one process for a list of any length, without network or files of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess  # nosec B404  # each call says what it runs
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..records.errors import InvalidInput, MissingLibrary
from ..records.names import is_east_asian, reading_order
from ..regular_file import read_regular

_TIMEOUT = 120
"""Seconds after which a style that does not end is given up."""

# A word joiner after "<" keeps citeproc from reading markup in a stranger's title. No text of a
# version has word joiners, so that those in the answer are ours, and go.
_JOINER = "\u2060"
_ENVIRONMENT = ("LANG", "LC_ALL", "PATH", "SYSTEMROOT", "TMPDIR", "TEMP")
# A label without names beside it, which CSL puts after the names and pandoc before them.
_LABEL_ALONE = re.compile(
    r"(<names\b[^>]*[^/]>)(?=\s*<label\b)(?!(?:(?!</names>|<substitute>).)*<name\b)", re.DOTALL
)
# APA writes "data set" in two words; the locales of CSL in one.
_ENGLISH_TERMS = re.compile(r'<locale xml:lang="en">\s*<terms>')
_DATASET, _DATA_SET = 'term="dataset"', '<term name="dataset">data set</term>'
# Pandoc compares each name with each other, some for each work: 800 works take it a minute.
_GIVEN_NAMES = re.compile(r"\sdisambiguate-add-givenname\s*=\s*[\"'][^\"']*[\"']")
_LANGUAGES = re.compile(r"<locale\b[^>]*>")
_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z]{4})?([-_]([A-Za-z]{2}|\d{3}))?")


def check_locale(locale: str | None) -> str | None:
    """`locale` as a BCP 47 tag (``de-DE``).

    Raises:
        InvalidInput: it is not one.
    """
    if locale is None:
        return None
    if not _LOCALE.fullmatch(locale):
        raise InvalidInput(f"{locale[:40]!r} is not a locale; write it like en-GB or de.")
    return locale.replace("_", "-")


def bibliography(items: Sequence[dict[str, Any]], style: Path, locale: str | None, to: str) -> str:
    """The CSL `items` in the style of a .csl file; `to` is a pandoc format (plain, html, gfm).

    Raises:
        MissingLibrary: there is no pandoc.
        InvalidInput: pandoc cannot use the style.
    """
    return _run(
        json.dumps(_inert([_with_whole_names(item) for item in items])),
        "csljson",
        to,
        str(style),
        locale,
        with_given_names=_given_names_decide(items),
    )


def _with_whole_names(item: dict[str, Any]) -> dict[str, Any]:
    """`item` with East Asian names in one part: citeproc would take a given name for an initial, and
    put a full stop after it."""
    changed = {
        role: [
            {"literal": reading_order(one["family"], one["given"])}
            if "given" in one and is_east_asian(one["family"] + one["given"])
            else one
            for one in item[role]
        ]
        for role in ("author", "editor")
        if role in item
    }
    return item | changed


def notes(items: Sequence[dict[str, Any]], style: Path, locale: str | None) -> str:
    """The notes of a style that has no bibliography, one for each of `items`.

    Raises:
        MissingLibrary: there is no pandoc.
        InvalidInput: pandoc cannot use the style.
    """
    text = _cited([[item] for item in items], style, locale)
    found = re.split(r"(?:^|\n\n)\[\d+\] ", text)
    return "\n\n".join(part.strip() for part in found[1:]) or text


def cluster(items: Sequence[dict[str, Any]], style: Path, locale: str | None) -> str:
    """The in-text citation of all `items` together: ``(Lovelace, 2026)``, ``[1], [2]``.

    In a style that cites in notes it is the note.

    Raises:
        MissingLibrary: there is no pandoc.
        InvalidInput: pandoc cannot use the style.
    """
    text = _cited([list(items)] if items else [], style, locale)
    note = re.fullmatch(r"\[1\]\s*\n\n\[1\] (.*)", text, flags=re.DOTALL)
    return note[1] if note else text


def _cited(groups: list[list[dict[str, Any]]], style: Path, locale: str | None) -> str:
    """A document that cites each group once, as plain text."""
    references = [item for group in groups for item in group]
    document = {
        "pandoc-api-version": [1, 23],
        "meta": {
            "references": _meta(references),
            "suppress-bibliography": {"t": "MetaBool", "c": True},
        },
        "blocks": [
            {"t": "Para", "c": [{"t": "Cite", "c": [[_citation(item) for item in group], []]}]}
            for group in groups
        ],
    }
    return _run(json.dumps(document), "json", "plain", str(style), locale)


def _citation(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "citationId": item["id"],
        "citationPrefix": [],
        "citationSuffix": [],
        "citationMode": {"t": "NormalCitation"},
        "citationNoteNum": 0,
        "citationHash": 0,
    }


def _given_names_decide(items: Sequence[dict[str, Any]]) -> bool:
    """Whether given names may tell two of `items` apart, whose citations are alike without them.

    Only works with the same first family name are alike; there each family name has to have two
    given names.
    """
    given: dict[tuple[str, str], str] = {}
    for item in items:
        people = [
            (str(one.get("family") or one.get("literal")).casefold(), str(one.get("given")))
            for one in item.get("author") or item.get("editor") or ()
        ]
        for family, name in people:
            if given.setdefault((people[0][0], family), name) != name:
                return True
    return False


@lru_cache(maxsize=128)
def _run(
    text: str,
    source: str,
    to: str,
    style: str,
    locale: str | None,
    *,
    with_given_names: bool = True,
) -> str:
    command = [
        _pandoc(),
        f"--from={source}",
        f"--to={to}",
        "--citeproc",
        "--sandbox",
        "--wrap=none",
    ]
    try:
        with _mended(Path(style), with_given_names) as (path, own):
            if language := locale or own:
                command.append(f"--metadata=lang={language}")
            done = subprocess.run(  # noqa: S603  # nosec B603  # a fixed program; no shell; the text goes through stdin
                [*command, f"--csl={path}"],
                input=text.encode(),
                capture_output=True,
                timeout=_TIMEOUT,
                check=False,
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            )
    except FileNotFoundError:
        raise _missing() from None
    except subprocess.TimeoutExpired:
        raise InvalidInput(
            f"Pandoc did not finish the list in the style {Path(style).stem} within {_TIMEOUT} seconds; cite fewer works at once, or choose a style with numbers, such as ieee."
        ) from None
    if done.returncode:
        raise InvalidInput(
            f"Pandoc cannot use the style {Path(style).stem}; choose another one, or check the .csl file."
        )
    return done.stdout.decode(errors="replace").replace(_JOINER, "").replace("\r\n", "\n").strip()


@contextmanager
def _mended(style: Path, with_given_names: bool) -> Iterator[tuple[Path, str | None]]:
    """The style, and its language where it does not declare the one that it is written for.

    A copy of it where pandoc would print "editors" before the names, unlike CSL, or "dataset" where
    the style means "data set"; and one that does not try given names where these decide nothing.
    """
    try:
        text = read_regular(style).decode()
    except (InvalidInput, UnicodeError):
        text = ""
    mended = _LABEL_ALONE.sub(r"\1<name/>", text)
    if _DATASET in text and _DATA_SET not in text:
        mended = _ENGLISH_TERMS.sub(lambda found: found[0] + _DATA_SET, mended, count=1)
    if not with_given_names:
        mended = _GIVEN_NAMES.sub("", mended)
    language = _language_of(text)
    if mended == text:
        yield style, language
        return
    with TemporaryDirectory(prefix="hubdoi-style-") as folder:
        path = Path(folder) / style.name
        path.write_text(mended, encoding="utf-8")
        yield path, language


def _language_of(style: str) -> str | None:
    """The one language, with its country, in which a style has words of its own.

    Without it a British style would have American quotation marks, and none of its words.
    """
    if "default-locale" in style:
        return None
    blocks = _LANGUAGES.findall(style)
    found = re.search(r'xml:lang="([a-z]+-[A-Z]+)"', blocks[0]) if len(blocks) == 1 else None
    return found[1] if found else None


def _pandoc() -> str:
    """The program that `pypandoc_binary` carries, else the one on the path."""
    if path := os.environ.get("PYPANDOC_PANDOC"):
        return path
    spec = find_spec("pypandoc")
    if spec is not None and spec.origin:
        for name in ("pandoc", "pandoc.exe"):
            bundled = Path(spec.origin).parent / "files" / name
            if bundled.is_file():
                return str(bundled)
    installed = shutil.which("pandoc")
    if installed is None:
        raise _missing()
    return installed


def _missing() -> MissingLibrary:
    return MissingLibrary(
        "A citation style needs pandoc, which is not installed; run pip install 'hubdoi[styles]', "
        "or cite in a format that needs none, such as text or bibtex."
    )


def _inert(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("<", f"<{_JOINER}")
    if isinstance(value, list):
        return [_inert(entry) for entry in value]
    if isinstance(value, dict):
        return {key: _inert(entry) for key, entry in value.items()}
    return value


def _meta(value: Any) -> dict[str, Any]:
    """`value` as metadata of pandoc's document tree, where text is text and never markup."""
    if isinstance(value, dict):
        return {"t": "MetaMap", "c": {key: _meta(entry) for key, entry in value.items()}}
    if isinstance(value, list):
        return {"t": "MetaList", "c": [_meta(entry) for entry in value]}
    return {"t": "MetaString", "c": str(value)}

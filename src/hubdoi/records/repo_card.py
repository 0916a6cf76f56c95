"""What a repository's card, its README.md, says: metadata and text, both written by strangers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from .plain_text import plain_line
from .repo import RepoType
from .yaml_text import LARGEST, InvalidYaml, read_yaml

_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.M)
MOST_READ = 1_000_000
"""Bytes of a card that are read; what comes after them says nothing of the repository."""
_MAX_DESCRIPTION = 1000


@dataclass(frozen=True)
class Card:
    """`data` is JSON; `problem` says why the front matter could not be read, if so."""

    data: dict[str, Any] = field(default_factory=dict)
    description: str | None = None
    problem: str | None = None

    @property
    def license(self) -> str | None:
        return _first(self.data.get("license"))

    @property
    def languages(self) -> tuple[str, ...]:
        return _texts(self.data.get("language"))

    @property
    def base_models(self) -> tuple[str, ...]:
        return _texts(self.data.get("base_model"))

    @property
    def datasets(self) -> tuple[str, ...]:
        return _texts(self.data.get("datasets"))

    def tags_for(self, repo_type: RepoType) -> tuple[str, ...]:
        """The tags as the Hub lists them: the card's own, and what its other fields say."""
        found = list(_texts(self.data.get("tags")))
        if repo_type == "model":
            for key in ("pipeline_tag", "library_name", "language"):
                found += _texts(self.data.get(key))
        else:
            for key in ("task_categories", "task_ids", "language", "size_categories"):
                found += (f"{key}:{text}" for text in _texts(self.data.get(key)))
        found += (f"dataset:{name}" for name in self.datasets)
        found += (f"base_model:{name}" for name in self.base_models)
        found += (f"license:{name}" for name in _texts(self.data.get("license")))
        return tuple(dict.fromkeys(found))


def parse_card(content: bytes) -> Card:
    """Read a card; whatever it holds, there is an answer."""
    front, text = _parts(content)
    data, problem = _metadata(front) if front is not None else ({}, None)
    return Card(data, _description(text), problem)


def description_in(content: bytes) -> str | None:
    """The description of a card, for which its metadata need not be read."""
    return _description(_parts(content)[1])


def _parts(content: bytes) -> tuple[str | None, str]:
    """The front matter, if there is one, and what follows it."""
    text = content[:MOST_READ].decode("utf-8", "replace")
    match = _FRONT_MATTER.match(text)
    return (match[1], text[match.end() :]) if match else (None, text)


def _metadata(front: str) -> tuple[dict[str, Any], str | None]:
    try:
        data = read_yaml(front)
    except InvalidYaml as error:
        if len(front) > LARGEST:
            return {}, f"The metadata is longer than {LARGEST} characters."
        line = f" in line {error.line + 1}" if error.line is not None else ""
        return {}, f"The metadata is not valid YAML{line}."
    if data is None:
        return {}, None
    if not isinstance(data, dict):
        return {}, "The metadata is not a mapping of names to values."
    return data, None


def _texts(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    values = value if isinstance(value, list) else [value]
    cleaned = (
        " ".join(item.split())[:200] if isinstance(item, str) else str(item)
        for item in values
        if isinstance(item, str | int | float) and not isinstance(item, bool)
    )
    return tuple(dict.fromkeys(text for text in cleaned if text))


def _first(value: Any) -> str | None:
    return next(iter(_texts(value)), None)


_FENCE = re.compile(r"^(`{3,}|~{3,}).*?(?:^\1[`~]*[ \t]*$|\Z)", re.DOTALL | re.M)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_NOT_PROSE = re.compile(r"^\s*(?:#|\||[-*_=]{3,}\s*$|\[[^\]]+\]:|>|[-*+]\s|\d+[.)]\s|<)", re.M)
_IMAGE = re.compile(r"!\[[^\]\n]{0,500}\](?:\([^)\n]{0,2000}\)|\[[^\]\n]{0,500}\])")
_LINK = re.compile(r"\[([^\]\n]{0,500})\](?:\([^)\n]{0,2000}\)|\[[^\]\n]{0,500}\])")
_ELEMENT = re.compile(r"</?[A-Za-z][^<>]{0,1000}>")
_MARKS = re.compile(r"(\*{1,3}|~~|`+)(?=\S)([^\n]{1,1000}?)(?<=\S)\1")
_UNDERSCORES = re.compile(r"(?<!\w)(_{1,3})(?=\S)([^\n]{1,1000}?)(?<=\S)\1(?!\w)")


def _description(text: str) -> str | None:
    """The first paragraph of prose, without markup."""
    text = _FENCE.sub("", _COMMENT.sub("", text.replace("\r\n", "\n")[:50_000]))
    for paragraph in re.split(r"\n[ \t]*\n", text):
        lines = [line for line in paragraph.split("\n") if line.strip()]
        # A heading may stand directly above its text.
        while lines and re.match(r"\s*#", lines[0]):
            lines.pop(0)
        if not lines or _NOT_PROSE.match(lines[0]):
            continue
        plain = _plain_text(" ".join(lines))
        if plain:
            return plain
    return None


def _plain_text(text: str) -> str | None:
    text = _LINK.sub(r"\1", _IMAGE.sub("", text))
    text = _ELEMENT.sub("", text)
    text = _UNDERSCORES.sub(r"\2", _MARKS.sub(r"\2", text))
    text = re.sub(r"\\([\\`*_{}\[\]()#+.!<>~|-])", r"\1", text)
    text = plain_line(text)
    if len(text) > _MAX_DESCRIPTION:
        text = text[: _MAX_DESCRIPTION - 1].rsplit(" ", 1)[0] + "…"
    return text or None

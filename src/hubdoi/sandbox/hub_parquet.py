"""The Parquet files of a dataset by configuration and split, as the Hub lists what its viewer reads.

The Hub converts a dataset's files to Parquet. The sandbox lists those that are Parquet already.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import quote

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from .located import Located, Reading
from .patterns import selected_by
from .refusal import Refusal

router = APIRouter()

_Part = TypeVar("_Part")

_DATASET = "/api/{kind}/{namespace}/{name}/parquet"
# What a stranger's card makes the sandbox compare.
_MOST_PATTERNS = 500
_MOST_FILES = 5000
# What `datasets` reads from the names of files, where a card says nothing.
_WORDS = {
    "train": "train training",
    "validation": "validation valid dev val",
    "test": "test testing eval evaluation",
}
_SPLITS = {word: split for split, words in _WORDS.items() for word in words.split()}
_SPLIT = re.compile(rf"(?<![^-._ 0-9/])({'|'.join(_SPLITS)})(?![^-._ 0-9/])")


@router.get(_DATASET)
def listed(found: Reading) -> dict[str, dict[str, list[str]]]:
    by_config = _files(found)
    return {
        config: {split: _urls(found, config, split, paths) for split, paths in splits.items()}
        for config, splits in by_config.items()
    }


@router.get(_DATASET + "/{config}")
def listed_of_config(found: Reading, config: str) -> dict[str, list[str]]:
    splits = _part(_files(found), config)
    return {split: _urls(found, config, split, paths) for split, paths in splits.items()}


@router.get(_DATASET + "/{config}/{split}")
def listed_of_split(found: Reading, config: str, split: str) -> list[str]:
    return _urls(found, config, split, _part(_part(_files(found), config), split))


@router.get(_DATASET + "/{config}/{split}/{number}.parquet")
def file(found: Reading, config: str, split: str, number: str) -> Response:
    paths = _part(_part(_files(found), config), split)
    path = _part({str(at): path for at, path in enumerate(paths)}, number)
    url = f"{found.store.endpoint}/{found.repo.path}/resolve/main/{quote(path)}"
    return RedirectResponse(url, 302)


def _files(found: Located) -> dict[str, dict[str, list[str]]]:
    """The paths of the Parquet files, by configuration and split.

    Raises:
        Refusal: it is no dataset, has none, or is gated.
    """
    if found.repo.type != "dataset":
        raise Refusal(404, "Only a dataset has a list of Parquet files.")
    found.refuse_without_access()
    with found.store.database.reading():
        commit = found.store.commits.resolve(found.uid, None)
        listing = found.store.commits.listing(commit)
        found_paths = (path for path in listing if path.lower().endswith(".parquet"))
        paths = sorted(islice(found_paths, _MOST_FILES))
        configs = found.store.commits.card(commit).data.get("configs")
    files: dict[str, dict[str, list[str]]] = {}
    for config, split, pattern in islice(_named(configs), _MOST_PATTERNS):
        is_selected = selected_by(pattern)
        chosen = files.get(config, {}).get(split, [])
        chosen += (path for path in paths if is_selected(path) and path not in chosen)
        if chosen:
            files.setdefault(config, {})[split] = chosen
    if not files:
        for path in paths:
            words = _SPLIT.findall(path)
            split = _SPLITS[words[-1]] if words else "train"
            files.setdefault("default", {}).setdefault(split, []).append(path)
    if not files:
        raise Refusal(404, f"{found.repo} has no Parquet files.", "ResponseNotFound")
    return files


def _named(configs: Any) -> Iterator[tuple[str, str, str]]:
    """Each configuration, split and pattern of files that a card names."""
    for config in _listed(configs):
        if not isinstance(config, dict):
            continue
        name = str(config.get("config_name", "default"))
        for item in _listed(config.get("data_files")):
            # Without splits all files are for training, as `datasets` has it.
            split, patterns = "train", item
            if isinstance(item, dict):
                split, patterns = str(item.get("split", "train")), item.get("path")
            yield from ((name, split, text) for text in _listed(patterns) if isinstance(text, str))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _urls(found: Located, config: str, split: str, paths: list[str]) -> list[str]:
    base = f"{found.store.endpoint}/api/{found.repo.type}s/{found.repo.id}/parquet"
    where = f"{base}/{quote(config, safe='')}/{quote(split, safe='')}"
    return [f"{where}/{number}.parquet" for number in range(len(paths))]


def _part(parts: dict[str, _Part], name: str) -> _Part:
    if name not in parts:
        raise Refusal(404, f"There are no Parquet files of {name[:100]!r}.", "ResponseNotFound")
    return parts[name]

"""What a card's metadata must be, as huggingface.co checks it before a commit.

The rules are those of the Hub's documentation of model and dataset cards; a message names its
field by its path, such as ``model-index[0].results``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..records.repo_card import parse_card

# The identifiers that the Hub documents for `license` (docs/hub/repositories-licenses.md of hub-docs).
LICENSES = frozenset(
    "afl-3.0 agpl-3.0 apache-2.0 apple-amlr apple-ascl artistic-2.0 bigcode-openrail-m "
    "bigscience-bloom-rail-1.0 bigscience-openrail-m bsd bsd-2-clause bsd-3-clause "
    "bsd-3-clause-clear bsl-1.0 c-uda cc cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-nc-2.0 "
    "cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 "
    "cc-by-nc-sa-4.0 cc-by-nd-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc0-1.0 cdla-permissive-1.0 "
    "cdla-permissive-2.0 cdla-sharing-1.0 creativeml-openrail-m deepfloyd-if-license ecl-2.0 "
    "epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2 fair-noncommercial-research-license gemma gfdl "
    "gpl gpl-2.0 gpl-3.0 grok2-community h-research intel-research isc lgpl lgpl-2.1 lgpl-3.0 "
    "lgpl-lr llama2 llama3 llama3.1 llama3.2 llama3.3 llama4 lppl-1.3c mit mpl-2.0 ms-pl ncsa "
    "odbl odc-by ofl-1.1 openmdw-1.0 openmdw-1.1 openrail openrail++ osl-3.0 other pddl postgresql "
    "unknown unlicense wtfpl zlib".split()
)
_TEXTS = ("pipeline_tag", "library_name", "license_name", "license_link", "pretty_name")
_TEXTS_OR_LISTS = ("language", "datasets", "base_model", "metrics")
_RESULT = {
    "task": {"type": str},
    "dataset": {"type": str, "name": str},
    "metrics": [{"type": str, "value": None}],
}
_MODEL_INDEX = [{"name": str, "results": [_RESULT]}]
"""Lists and dictionaries of what must be there: a text, or (None) any value."""
_NO_METADATA = "empty or missing yaml metadata in the card; a license and tags help to find it"


def checked(content: str, repo_type: object) -> tuple[list[str], list[str]]:
    """The errors and the warnings about a card."""
    # As on the Hub, the metadata may come after empty lines.
    card = parse_card(content.lstrip().encode())
    if card.problem:
        return [card.problem], []
    if not card.data:
        return [], [_NO_METADATA]
    errors = [*_licenses(card.data), *_fields(card.data)]
    if repo_type == "model" and "model-index" in card.data:
        errors += _misfits("model-index", card.data["model-index"], _MODEL_INDEX)
    return errors, []


def _licenses(data: dict[str, Any]) -> Iterator[str]:
    value = data.get("license")
    for item in value if isinstance(value, list) else [value] if "license" in data else []:
        if not isinstance(item, str) or item not in LICENSES:
            yield f'"license" must be one of {", ".join(sorted(LICENSES))}'
            return


def _fields(data: dict[str, Any]) -> Iterator[str]:
    for key in _TEXTS:
        if key in data:
            yield from _text(key, data[key])
    for key in ("tags", *_TEXTS_OR_LISTS):
        value = data.get(key)
        if isinstance(value, list):
            for number, item in enumerate(value):
                yield from _text(f"{key}[{number}]", item)
        elif key == "tags" and key in data:
            yield '"tags" must be an array'
        elif key in data:
            yield from _text(key, value)


def _text(path: str, value: object) -> Iterator[str]:
    if not isinstance(value, str):
        yield f'"{path}" must be a string'
    elif not value:
        yield f'"{path}" is not allowed to be empty'


def _misfits(path: str, value: object, shape: object) -> Iterator[str]:
    if isinstance(shape, list):
        if not isinstance(value, list):
            yield f'"{path}" must be an array'
            return
        for number, item in enumerate(value):
            yield from _misfits(f"{path}[{number}]", item, shape[0])
    elif isinstance(shape, dict):
        if not isinstance(value, dict):
            yield f'"{path}" must be of type object'
            return
        for key, part in shape.items():
            if key in value:
                yield from _misfits(f"{path}.{key}", value[key], part)
            else:
                yield f'"{path}.{key}" is required'
    elif shape is str:
        yield from _text(path, value)

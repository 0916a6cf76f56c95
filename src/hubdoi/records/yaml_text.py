"""YAML, read within bounds and written: the one place that calls PyYAML.

libyaml builds a document by recursion in C, which an input of 50 kB can drive beyond the stack, and
anchors let some lines stand for billions of values. So the events of a text, which come one at a
time, are counted first; only a text that is within the bounds is built.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

import yaml

from .errors import InvalidInput

LARGEST = 200_000
"""Characters of one text."""
MAX_NODES = 20_000
"""Values of one text, with every alias and merge written out."""
MAX_DEPTH = 20
MAX_ALIASES = 200
_MAX_NUMBER = 40
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class InvalidYaml(InvalidInput):
    """A text that is not YAML, or beyond the bounds; `line` counts from 1."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def read_yaml(text: str, *, largest: int = LARGEST) -> Any:
    """What `text` says, as JSON: dates and numbers beyond JSON's are text.

    Raises:
        InvalidYaml: it is not YAML, or larger or deeper than the bounds.
    """
    if len(text) > largest:
        raise InvalidYaml(f"The YAML is longer than {largest:,} characters; shorten it.")
    try:
        _check(text)
        loaded = yaml.load(text, Loader=_Loader)  # noqa: S506  # nosec B506  # a subclass of the safe loader
        return _plain(loaded, 0)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise _invalid(mark.line + 1 if mark is not None else None) from None
    except InvalidYaml:
        raise
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError):
        # What PyYAML raises for tags whose value does not fit: `!!int ""`, `!!timestamp x`.
        raise _invalid(None) from None


def write_yaml(data: Mapping[str, Any]) -> str:
    """`data` as block YAML, in its own order."""
    text: str = yaml.dump(
        dict(data), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100
    )
    return text


class _Dumper(yaml.SafeDumper):
    """PyYAML's safe dumper, which writes U+0085 so that it is read again."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # Between single quotes this line end would be read as spaces.
    style = '"' if "\x85" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


class _Loader(_Base):  # type: ignore[misc]
    """PyYAML's safe loader, without numbers that take long to build."""


def _number(loader: Any, node: yaml.ScalarNode, build: Any) -> Any:
    return str(node.value) if len(node.value) > _MAX_NUMBER else build(loader, node)


_Loader.add_constructor(
    "tag:yaml.org,2002:int",
    lambda loader, node: _number(loader, node, _Base.construct_yaml_int),
)
_Loader.add_constructor(
    "tag:yaml.org,2002:float",
    lambda loader, node: _number(loader, node, _Base.construct_yaml_float),
)


def _check(text: str) -> None:
    """Follow the events of `text` and refuse it at the first that goes beyond a bound."""
    # The collections that have begun: the anchor of each, and the number of values before it.
    path: list[tuple[str | None, int]] = []
    sizes: dict[str, int] = {}
    nodes = aliases = 0
    for event in yaml.parse(text, Loader=_Base):
        line = event.start_mark.line + 1 if event.start_mark else None
        if isinstance(event, yaml.CollectionStartEvent):
            path.append((event.anchor, nodes))
            nodes += 1
            # Until it ends there is nothing that its name could stand for.
            sizes.pop(event.anchor or "", None)
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = path.pop()
            if anchor:
                sizes[anchor] = nodes - before
        elif isinstance(event, yaml.ScalarEvent):
            nodes += 1
            if event.anchor:
                sizes[event.anchor] = 1
        elif isinstance(event, yaml.AliasEvent):
            aliases += 1
            if event.anchor not in sizes:
                raise InvalidYaml("An alias in the YAML is undefined or refers to itself.", line)
            nodes += sizes[event.anchor]
        if len(path) > MAX_DEPTH:
            raise InvalidYaml(f"The YAML is nested deeper than {MAX_DEPTH} levels.", line)
        if nodes > MAX_NODES or aliases > MAX_ALIASES:
            raise InvalidYaml("The YAML has too many values; shorten it.", line)


def _invalid(line: int | None) -> InvalidYaml:
    where = f" in line {line}" if line is not None else ""
    return InvalidYaml(f"The YAML is not valid{where}; check the indentation and the colons.", line)


def _plain(value: Any, depth: int) -> Any:
    if depth > 2 * MAX_DEPTH:
        raise InvalidYaml(f"The YAML is nested deeper than {MAX_DEPTH} levels.")
    if isinstance(value, Mapping):
        return {str(key)[:200]: _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**63 else str(value)[:200]
    if isinstance(value, date):
        return value.isoformat()
    return str(value)

"""What parsed command lines hold: the defaults that a parser, or the data classes it fills, declare."""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from .binding import Site
from .values import (
    LOCAL,
    OPAQUE,
    UNKNOWN,
    Alternative,
    Class,
    Deferred,
    Instance,
    Items,
    Parser,
    Settings,
)

if TYPE_CHECKING:
    from .evaluator import Evaluator

LOCAL_PARAMETER = re.compile(
    r"(?i)(?:^|_)(?:dir|directory|folder|save_path|output_path|local_path)$"
)
PARSING = frozenset(
    "parse parse_args parse_known_args parse_args_and_config parse_args_into_dataclasses "
    "parse_json_file parse_yaml_file parse_dict cli wrap".split()
)
"""The functions and methods that may give parsed arguments."""

_OF_ARGPARSE = frozenset({"parse_args", "parse_known_args", "parse_args_and_config"})
_CLASSES = ("dataclass_types", "config_class", "dest")


class Parsers:
    """Finds what parsers of command lines give, for an `Evaluator`."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def of(self, name: str, node: ast.Call, site: Site) -> list[Alternative] | None:
        """What the call `name` gives; None when it parses no command line that is known."""
        if isinstance(node.func, ast.Attribute):
            for value, _ in self._evaluator.evaluate(node.func.value, site):
                if isinstance(value, Parser) and (filled := self._filled(value)):
                    return [
                        (filled[0] if name == "parse" and len(filled) == 1 else _row(filled), {})
                    ]
        if name in _OF_ARGPARSE:
            settings = self._declared(node, site)
            if name == "parse_known_args":
                return [(_row([settings, OPAQUE]), {})]
            return [(settings, {})]
        if name in ("parse", "cli"):
            classes = self._classes(node, site)
            return [(classes[0], {})] if classes and isinstance(classes[0], Instance) else None
        return None

    def _filled(self, parser: Parser) -> list[Any]:
        found = self._classes(parser.call, parser.site)
        return found if any(isinstance(value, Instance) for value in found) else []

    def _classes(self, node: ast.Call, site: Site) -> list[Any]:
        """An object of each data class that a call is given."""
        given = [*node.args[:1], *(k.value for k in node.keywords if k.arg in _CLASSES)]
        found: list[Any] = []
        for argument in given[:1]:
            for value, _ in self._evaluator.evaluate(argument, site)[:1]:
                many = isinstance(value, Items)
                parts = self._evaluator.firsts(value.elements) if many else [value]
                found = [Instance(part) if isinstance(part, Class) else OPAQUE for part in parts]
        return found

    def _declared(self, call: ast.Call, site: Site) -> Settings:
        """The defaults that `add_argument` declares, or what is given in a list."""
        calls = self._evaluator.names.call_sites
        given = self._given(call, site)
        entries: dict[str, Deferred] = {}
        for declared, where in calls("add_argument"):
            keywords = {keyword.arg: keyword.value for keyword in declared.keywords}
            name = _destination(declared, keywords.get("dest"))
            if not name:
                continue
            default = keywords.get("default")
            local = LOCAL if LOCAL_PARAMETER.search(name) else UNKNOWN
            entries[name] = (
                Deferred(default, where) if default is not None else Deferred(None, value=local)
            )
        for declared, where in calls("set_defaults"):
            for keyword in declared.keywords:
                if keyword.arg is not None:
                    entries[keyword.arg] = Deferred(keyword.value, where)
        for declared, where in calls("add_arguments"):
            keywords = {keyword.arg: keyword.value for keyword in declared.keywords}
            dest = keywords.get("dest") or (declared.args[1] if len(declared.args) > 1 else None)
            classes = self._classes(declared, where)
            if classes and isinstance(dest, ast.Constant) and isinstance(dest.value, str):
                entries[dest.value] = Deferred(None, value=classes[0])
        return Settings({**entries, **given}, True)

    def _given(self, call: ast.Call, site: Site) -> dict[str, Deferred]:
        values: list[Any] = []
        for argument in call.args[:1]:
            for value, _ in self._evaluator.evaluate(argument, site):
                if isinstance(value, Items):
                    values = self._evaluator.firsts(value.elements)
        return {
            option.lstrip("-").replace("-", "_"): Deferred(None, value=value)
            for option, value in pairwise(values)
            if isinstance(option, str) and option.startswith("-")
        }


def _row(values: list[Any]) -> Items:
    return Items(Deferred(None, value=value) for value in values)


def _destination(declared: ast.Call, dest: ast.expr | None) -> str:
    if isinstance(dest, ast.Constant):
        return dest.value if isinstance(dest.value, str) else ""
    names = [
        a.value for a in declared.args if isinstance(a, ast.Constant) and isinstance(a.value, str)
    ]
    long = next((n for n in names if n.startswith("--")), names[0] if names else "")
    return long.lstrip("-").replace("-", "_")

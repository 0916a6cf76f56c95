"""What a call gives, when it is one that only rearranges constants or reads a default."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from .binding import Site, dotted_text
from .frames import ROWS, SAME, frame, rows_of
from .parsers import PARSING, Parsers
from .strings import STRING_METHODS
from .values import (
    CUT,
    LOCAL,
    OPAQUE,
    UNKNOWN,
    Alternative,
    Class,
    Deferred,
    Instance,
    Items,
    Made,
    Marker,
    Module,
    Pairs,
    Parser,
    Settings,
    Table,
)

if TYPE_CHECKING:
    from .evaluator import Evaluator


LIMIT = 256
"""How many alternatives and elements are followed."""

_LOCAL_FUNCTIONS = frozenset(
    "join abspath realpath dirname basename getcwd mkdtemp gettempdir get_last_checkpoint "
    "snapshot_download hf_hub_download cached_download Path PurePath PosixPath glob listdir "
    "resolve joinpath with_suffix absolute untar_data mkdir cwd home get_file retrieve dataset_download "
    "model_download load_dataset_path".split()
)
_SETTINGS = frozenset(
    "SimpleNamespace Namespace EasyDict edict AttrDict Box DotMap Munch ConfigDict create "
    "OmegaConf DictConfig Dict Config".split()
)
_SAME = frozenset(
    "str list tuple set sorted reversed frozenset tqdm trange iter deepcopy copy Path_ cycle shuffle "
    "cast track array Series Index asarray unique MappingProxyType".split()
)


class Results:
    """Follows calls for an `Evaluator`; a call that it does not know gives `OPAQUE`."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._parsers = Parsers(evaluator)

    def of(self, node: ast.Call, site: Site) -> list[Alternative]:
        """Everything that a call can give."""
        function = node.func
        if isinstance(function, ast.Attribute):
            found = self._method(node, function, site)
            if found is not None:
                return found
        name = function.attr if isinstance(function, ast.Attribute) else ""
        if isinstance(function, ast.Name):
            name = function.id
        elif not name:
            return [(OPAQUE, {})]
        for value, _ in self._evaluator.evaluate(function, site):
            if isinstance(value, Class):
                return [(Instance(value, node, site), {})]
            returned = self._evaluator.names.returned(value, node, site)
            if returned is not None:
                return returned
            if isinstance(value, Module):
                name = value.dotted.rpartition(".")[2]
        return self._builtin(name, node, site)

    def _builtin(self, name: str, node: ast.Call, site: Site) -> list[Alternative]:
        arguments = node.args
        if name == "getenv":
            return self._default(arguments[1:], node.keywords, site)
        if name in ("field", "Field"):
            return self._field(node, site)
        if name == "dict" or name in _SETTINGS:
            return self._settings(name, node, site)
        if name in _LOCAL_FUNCTIONS or (name == "expanduser" and not arguments):
            return [(LOCAL, {})]
        if name in PARSING and (parsed := self._parsers.of(name, node, site)) is not None:
            return parsed
        if name.endswith("Parser"):
            return [(Parser(node, site), {})]
        if name == "DataFrame":
            made = frame(self._evaluator, node, site)
            return [(OPAQUE if made is None else made, {})]
        if name == "namedtuple":
            return self._named_tuple(node, site)
        if not arguments or any(isinstance(argument, ast.Starred) for argument in arguments):
            if name in ("list", "set", "tuple"):
                return [(Items(()), {})]
            return [(Made(node, site) if node.keywords and name[:1].isupper() else OPAQUE, {})]
        if name in ("vars", "asdict", "to_container"):
            return [
                (self._pairs(value), choices)
                for value, choices in self._evaluator.evaluate(arguments[0], site)
            ]
        if name == "expanduser":
            # an id stays as it is
            return [
                (value if isinstance(value, str) else LOCAL, choices)
                for value, choices in self._evaluator.evaluate(arguments[0], site)
            ]
        if name in _SAME:
            return self._evaluator.evaluate(arguments[0], site)
        if name == "enumerate":
            return self._numbered(arguments[0], site)
        if name in ("zip", "product") or (name == "zip_longest"):
            return self._zipped(name, arguments, site)
        if name == "next":
            return [
                part
                for value, _ in self._evaluator.evaluate(arguments[0], site)
                for part in self._evaluator.each(value, id(node))
            ]
        if name == "getattr" and len(arguments) >= 2:
            attribute = arguments[1]
            if isinstance(attribute, ast.Constant) and isinstance(attribute.value, str):
                looked = ast.copy_location(
                    ast.Attribute(arguments[0], attribute.value, ast.Load()), node
                )
                found = self._evaluator.names.attribute(looked, site)
                return found + (
                    self._evaluator.evaluate(arguments[2], site) if len(arguments) > 2 else []
                )
        if name in ("choice", "choices", "sample"):
            return [
                part
                for value, _ in self._evaluator.evaluate(arguments[0], site)
                for part in self._evaluator.each(value, id(node))
            ]
        if name == "input":
            return [(UNKNOWN, {})]
        return [(Made(node, site) if node.keywords and name[:1].isupper() else OPAQUE, {})]

    def _default(
        self, rest: list[ast.expr], keywords: list[ast.keyword], site: Site
    ) -> list[Alternative]:
        """What is taken where a setting of the environment is not there."""
        given = rest[:1] or [k.value for k in keywords if k.arg == "default"]
        return self._evaluator.evaluate(given[0], site) if given else [(UNKNOWN, {})]

    def _field(self, node: ast.Call, site: Site) -> list[Alternative]:
        """The default of a data class's field."""
        for keyword in node.keywords:
            if keyword.arg == "default_factory":
                made = keyword.value
                return (
                    self._evaluator.evaluate(made.body, site)
                    if isinstance(made, ast.Lambda)
                    else [(OPAQUE, {})]
                )
        return self._default(node.args[:1], node.keywords, site)

    def _named_tuple(self, node: ast.Call, site: Site) -> list[Alternative]:
        """A class with the fields that ``namedtuple(name, fields)`` declares."""
        names: list[str] = []
        for argument in node.args[1:2]:
            for value, _ in self._evaluator.evaluate(argument, site)[:1]:
                plain = self._plain(value)
                names = plain.replace(",", " ").split() if isinstance(plain, str) else plain
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            return [(OPAQUE, {})]
        fields: list[ast.stmt] = [
            ast.AnnAssign(ast.Name(name, ast.Store()), ast.Constant(None), None, 1)
            for name in names
        ]
        made = ast.ClassDef(name="", bases=[], keywords=[], body=fields, decorator_list=[])
        return [(Class(made, site), {})]

    def _pairs(self, value: Any) -> Any:
        """Settings or an object as a dictionary; anything else as it is."""
        if isinstance(value, Settings):
            return Pairs.named(value.entries, value.more)
        if isinstance(value, Instance):
            return self._evaluator.names.pairs_of(value)
        return value

    def _settings(self, name: str, node: ast.Call, site: Site) -> list[Alternative]:
        entries: dict[str, Deferred] = {}
        more = False
        for argument in node.args[:1]:
            for value, _ in self._evaluator.evaluate(argument, site):
                if isinstance(value, Pairs):
                    more = more or value.more
                    entries.update(self._named(value))
                else:
                    more = True
        for keyword in node.keywords:
            if keyword.arg is None:
                more = True
                for value, _ in self._evaluator.evaluate(keyword.value, site)[:1]:
                    entries.update(self._named(self._pairs(value)))
            else:
                entries[keyword.arg] = Deferred(keyword.value, site)
        if name == "dict":
            return [(Pairs.named(entries, more), {})]
        return [(Settings(entries, more), {})]

    def _named(self, value: Any) -> dict[str, Deferred]:
        """The entries of a dictionary whose keys are known."""
        found: dict[str, Deferred] = {}
        for key, entry in value.entries if isinstance(value, Pairs) else ():
            for known, choices in self._evaluator.forced(key):
                if isinstance(known, str):
                    # of a key that a loop gives, the value of the same turn
                    found[known] = (
                        Deferred(entry.node, entry.site, entry.value, choices) if choices else entry
                    )
        return found

    def _numbered(self, argument: ast.expr, site: Site) -> list[Alternative]:
        found: list[Alternative] = []
        for value, choices in self._evaluator.evaluate(argument, site):
            if isinstance(value, Pairs):
                value = Items((key for key, _ in value.entries), value.more)
            if isinstance(value, Items):
                pairs = (
                    Deferred(None, value=Items((Deferred(None, value=n), element)))
                    for n, element in enumerate(value.elements)
                )
                found.append((Items(pairs, value.more), choices))
            else:
                found.append((value, choices))
        return found

    def _zipped(self, name: str, arguments: list[ast.expr], site: Site) -> list[Alternative]:
        columns: list[Items] = []
        for argument in arguments:
            values = self._evaluator.evaluate(argument, site)
            if len(values) != 1 or not isinstance(values[0][0], Items):
                # one column that is not known does not spoil the others
                columns.append(Items((), True))
            else:
                columns.append(values[0][0])
        unknown = Deferred(None, value=UNKNOWN)
        rows: list[Deferred] = []
        if name == "product":
            every, cut = _rows(columns)
            rows = [Deferred(None, value=Items(row)) for row in every]
            if cut:
                rows.append(Deferred(None, value=CUT))
        else:
            count = max((len(column.elements) for column in columns), default=0)
            whole = [len(column.elements) for column in columns if not column.more]
            for n in range(min([count, *whole])):
                row = (c.elements[n] if n < len(c.elements) else unknown for c in columns)
                rows.append(Deferred(None, value=Items(row)))
        return [(Items(rows, all(column.more for column in columns)), {})]

    def _method(
        self, node: ast.Call, function: ast.Attribute, site: Site
    ) -> list[Alternative] | None:
        """The result of a method of a text, list or dictionary; None for any other call."""
        name = function.attr
        owner = dotted_text(function.value)
        if name == "join" and (owner in ("os.path", "osp", "op") or owner.endswith(".path")):
            return [(LOCAL, {})]
        if (
            name == "get"
            and isinstance(function.value, ast.Attribute)
            and function.value.attr == "environ"
        ):
            return self._default(node.args[1:], node.keywords, site)
        if name in STRING_METHODS:
            bases = self._evaluator.evaluate(function.value, site)
            if all(isinstance(base, str) or base in (UNKNOWN, LOCAL, CUT) for base, _ in bases):
                return self._text_method(name, bases, node, site)
            return None
        if name in ROWS or name in SAME or name in ("tolist", "to_list", "unique", "to_numpy"):
            bases = self._evaluator.evaluate(function.value, site)
            if bases and all(isinstance(base, Table) for base, _ in bases):
                return [
                    part
                    for base, _ in bases
                    for part in (
                        rows_of(self._evaluator, base, name) if name in ROWS else [(base, {})]
                    )
                ]
            if bases and all(isinstance(base, Items) for base, _ in bases):
                return bases
            if name != "copy":
                return None
        if name in ("items", "values", "keys", "get", "copy", "pop"):
            bases = self._evaluator.evaluate(function.value, site)
            if bases and all(isinstance(base, Pairs | Items | Settings) for base, _ in bases):
                return [part for base, _ in bases for part in self._view(base, name, node, site)]
        return None

    def _text_method(
        self, name: str, bases: list[Alternative], node: ast.Call, site: Site
    ) -> list[Alternative]:
        if any(isinstance(argument, ast.Starred) for argument in node.args):
            return [(UNKNOWN, {})]
        parts = [self._evaluator.evaluate(argument, site) for argument in node.args]
        keywords = [keyword.arg for keyword in node.keywords]
        if any(keyword is None for keyword in keywords):
            return [(UNKNOWN, {})]
        parts += [self._evaluator.evaluate(keyword.value, site) for keyword in node.keywords]
        count = len(node.args)

        def call(base: Any, *taken: Any) -> Any:
            if base is LOCAL:
                return LOCAL
            plain = [self._plain(value) for value in taken]
            named = dict(zip((k or "" for k in keywords), plain[count:], strict=True))
            return _wrapped(STRING_METHODS[name](base, plain[:count], named))

        return self._evaluator.combined([bases, *parts], call)

    def _plain(self, value: Any) -> Any:
        """A list of constants as a Python list, for `join`."""
        if not isinstance(value, Items):
            return value
        parts = [self._evaluator.forced(element) for element in value.elements]
        if value.more or any(len(part) != 1 for part in parts):
            return UNKNOWN
        return [part[0][0] for part in parts]

    def _view(self, base: Any, name: str, node: ast.Call, site: Site) -> list[Alternative]:
        if isinstance(base, Settings):
            base = Pairs.named(base.entries, base.more)
        if isinstance(base, Items) or name == "copy":
            return (
                self._evaluator.all_of(base.elements, base.more) if name == "pop" else [(base, {})]
            )
        if name == "items":
            rows = (Deferred(None, value=Items(entry)) for entry in base.entries)
            return [(Items(rows, base.more), {})]
        if name in ("keys", "values"):
            place = 0 if name == "keys" else 1
            return [(Items((entry[place] for entry in base.entries), base.more), {})]
        found: list[Alternative] = []
        for key, choices in self._evaluator.evaluate(node.args[0], site) if node.args else []:
            values = self._evaluator.entry(base, key)
            known = [(value, {**choices, **own}) for value, own in values if value is not UNKNOWN]
            found += known
            if len(node.args) > 1 and (isinstance(key, Marker) or not known):
                found += self._evaluator.evaluate(node.args[1], site)
            elif not known:
                found.append((UNKNOWN, {}))
        return found or [(UNKNOWN, {})]


def _wrapped(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return Items(Deferred(None, value=part) for part in value)
    return value


def _rows(columns: list[Items]) -> tuple[list[list[Deferred]], bool]:
    """Every row that takes one element of each column, and whether there are too many."""
    rows: list[list[Deferred]] = [[]]
    cut = False
    for column in columns:
        elements = column.elements or (Deferred(None, value=UNKNOWN),)
        cut = cut or len(rows) * len(elements) > LIMIT
        rows = [[*row, element] for row in rows for element in elements[:LIMIT]][:LIMIT]
    return rows, cut

"""Finds the constants that can reach an expression."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from typing import Any

from .binding import Site, dotted_text
from .names import Names
from .results import LIMIT, Results
from .scope import Program, comprehension_site
from .strings import formatted, interpolated
from .values import (
    CUT,
    LOCAL,
    OPAQUE,
    UNKNOWN,
    Alternative,
    Deferred,
    Instance,
    Items,
    Made,
    Marker,
    Pairs,
    Settings,
    Table,
    of_turn,
    products,
)

_DEPTH = 40
# Steps of evaluation for one question, and for a whole document: a fixed part and one for each
# cell, so that the work grows with the document and no faster.
_STEPS = 5_000
_DOCUMENT_STEPS = 100_000
_CELL_STEPS = 100
# To look at one of many entries or assignments takes this part of a step.
_LOOKS = 25
_LOCAL_NAME = re.compile(
    r"(?i)(?:^|_|\.)(?:dir|directory|folder|root|output|outdir|cwd|workdir|savedir|save_path|save_to|"
    r"output_path|out_path|checkpoint_path|ckpt_path|local_path|best_model_path|best_model_checkpoint)$"
)


class Evaluator:
    """Evaluates expressions of a `Program`, with a bound on the work for each question."""

    def __init__(
        self, program: Program, outside: Callable[[str], Any] | None = None, size: int = 0
    ) -> None:
        self.program = program
        self.names = Names(program, self)
        self._results = Results(self)
        # what a live kernel knows of a dotted name; None where nothing is known
        self.outside = outside
        self._known: dict[int, list[Alternative]] = {}
        self._asked: set[int] = set()
        self._depth = 0
        self._steps = 0
        # whether a circle or a bound cut the present question short: then nothing is remembered
        self._cut = False
        self._left = _DOCUMENT_STEPS + _CELL_STEPS * size

    def clear(self) -> None:
        """Forget everything; the evaluator cannot be used any more."""
        self._known.clear()
        del self.names, self._results

    def values(self, node: ast.expr, site: Site) -> list[Alternative]:
        """Everything that `node` can be; `UNKNOWN` and `OPAQUE` stand for what is not constant."""
        self._steps = 0
        self._cut = False
        found = self.evaluate(node, site)
        self._left -= self._steps
        return found

    def step(self, looks: int = 0) -> bool:
        """Count one step of work, or what it takes to look at so many things; False when there
        have been enough."""
        self._steps += 1 + looks // _LOOKS
        if self._steps > _STEPS or self._steps > self._left:
            self._cut = True
            return False
        return True

    def evaluate(self, node: ast.expr, site: Site) -> list[Alternative]:
        if type(node) is ast.Constant:
            return [(node.value, {})]
        key = id(node)
        known = self._known.get(key)
        if known is not None:
            return known
        if key in self._asked or self._depth > _DEPTH or not self.step():
            self._cut = True
            return [(UNKNOWN, {})]
        self._asked.add(key)
        self._depth += 1
        cut, self._cut = self._cut, False
        try:
            method = _METHODS.get(type(node))
            found = method(self, node, site) if method else [(OPAQUE, {})]
            if len(found) > LIMIT:
                found = [*found[:LIMIT], (CUT, {})]
        finally:
            self._depth -= 1
            self._asked.discard(key)
        if not self._cut:
            self._known[key] = found
        self._cut = self._cut or cut
        return found

    def forced(self, element: Deferred) -> list[Alternative]:
        """The values of a container's element."""
        if element.node is None:
            return [(element.value, {})]
        values = self.evaluate(element.node, element.site)
        if not element.choices:
            return values
        return of_turn(values, element.choices)

    def first(self, element: Deferred) -> Any:
        """The first value of a container's element, where one is enough."""
        return next((value for value, _ in self.forced(element)), UNKNOWN)

    def firsts(self, elements: Iterable[Deferred]) -> list[Any]:
        return [self.first(element) for element in elements]

    def combined(self, parts: list[list[Alternative]], make: Any) -> list[Alternative]:
        """`make` of one alternative of each part, for all ways to take them at once."""
        found: list[Alternative] = []
        for taken, choices in products(parts, LIMIT + 1):
            if not self.step():
                return [(UNKNOWN, {})]
            if len(found) == LIMIT:
                return [*found, (CUT, {})]
            found.append((make(*taken), choices))
        return found

    def added(self, left: list[Alternative], right: list[Alternative]) -> list[Alternative]:
        return self.combined([left, right], _added)

    def each(self, value: Any, fork: int, *, last: bool = False) -> list[Alternative]:
        """The elements that a loop takes from `value`, or the last of them."""
        if isinstance(value, Pairs):
            elements: tuple[Deferred, ...] = tuple(key for key, _ in value.entries)
            more = value.more
        elif isinstance(value, Items):
            elements, more = value.elements, value.more
        else:
            return [(value if isinstance(value, Marker) else OPAQUE, {})]
        if last and elements:
            return [(UNKNOWN, {})] if more else self.forced(elements[-1])
        found: list[Alternative] = []
        for n, element in enumerate(elements[:LIMIT]):
            if not self.step():
                found.append((CUT, {}))
                break
            for part, choices in self.forced(element):
                found.append((part, {**choices, fork: n}))
        if len(elements) > LIMIT:
            found.append((CUT, {}))
        if more:
            found.append((UNKNOWN, {}))
        return found

    def item(self, value: Any, key: Any) -> list[Alternative]:
        """``value[key]``; with a key that is not known, all items."""
        if isinstance(value, Items):
            if isinstance(key, int) and not isinstance(key, bool):
                if -len(value.elements) <= key < len(value.elements) and not value.more:
                    return self.forced(value.elements[key])
                return self.all_of(value.elements, True) if value.more else [(UNKNOWN, {})]
            if isinstance(key, slice):
                return [(value, {})]
            return self.all_of(value.elements, value.more)
        if isinstance(value, Table) and not isinstance(key, str):
            # a choice of rows or columns
            return [(value, {})]
        if isinstance(value, Pairs):
            return self.entry(value, key)
        if isinstance(value, Instance) and isinstance(key, int | str):
            return self.names.item_of(value, key)
        if isinstance(value, Settings) and isinstance(key, str):
            entry = value.entries.get(key)
            return self.forced(entry) if entry else [(UNKNOWN, {})]
        if isinstance(value, str) and isinstance(key, int) and -len(value) <= key < len(value):
            return [(value[key], {})]
        opaque = value is OPAQUE or isinstance(value, Made)
        return [(LOCAL if value is LOCAL else OPAQUE if opaque else UNKNOWN, {})]

    def all_of(self, elements: tuple[Deferred, ...], more: bool) -> list[Alternative]:
        """The values of all elements; `more` says that there are others, not known."""
        found = [part for element in elements[:LIMIT] for part in self.forced(element)]
        if len(elements) > LIMIT:
            found.append((CUT, {}))
        return [*found, (UNKNOWN, {})] if more or not found else found

    def entry(self, value: Pairs, key: Any) -> list[Alternative]:
        """``value[key]`` of a dictionary; of all its entries when the key is not known."""
        if isinstance(key, Marker):
            return self.all_of(tuple(entry for _, entry in value.entries), value.more)
        found: list[Alternative] = []
        if not self.step(len(value.entries)):
            return [(UNKNOWN, {})]
        for name, entry in value.entries:
            for known, choices in self.forced(name):
                if not isinstance(known, Marker) and known == key and type(known) is type(key):
                    # a later entry with the same key replaces an earlier one
                    found = of_turn(self.forced(entry), choices)
        return found or [(UNKNOWN, {})]

    def _name(self, node: ast.Name, site: Site) -> list[Alternative]:
        found = self.names.lookup(node.id, site, node)
        if found is None:
            return self._outside(node.id)
        if (
            self.outside is not None
            and all(isinstance(value, Marker) for value, _ in found)
            and self.names.is_global(node.id, site)
        ):
            value = self.outside(node.id)
            if value is not None:
                return [(value, {})]
        return found

    def _outside(self, dotted: str) -> list[Alternative]:
        if self.outside is not None:
            value = self.outside(dotted)
            if value is not None:
                return [(value, {})]
        return [(LOCAL if _LOCAL_NAME.search(dotted) else UNKNOWN, {})]

    def _attribute(self, node: ast.Attribute, site: Site) -> list[Alternative]:
        found = self.names.attribute(node, site)
        if all(isinstance(value, Marker) for value, _ in found):
            dotted = dotted_text(node)
            if dotted:
                outside = self._outside(dotted)
                if not isinstance(outside[0][0], Marker) or outside[0][0] is LOCAL:
                    return outside
        return found

    def _joined(self, node: ast.JoinedStr, site: Site) -> list[Alternative]:
        parts = [
            self._interpolation(part, site)
            if isinstance(part, ast.FormattedValue)
            else self.evaluate(part, site)
            for part in node.values
        ]
        return self.combined(parts, lambda *taken: interpolated(taken))

    def _interpolation(self, part: ast.FormattedValue, site: Site) -> list[Alternative]:
        if part.format_spec is not None or part.conversion not in (-1, 115):
            return [(UNKNOWN, {})]
        return self.evaluate(part.value, site)

    def _operation(self, node: ast.BinOp, site: Site) -> list[Alternative]:
        left = self.evaluate(node.left, site)
        if isinstance(node.op, ast.Div):
            # only paths are divided by text
            return [(LOCAL if any(value in (LOCAL, OPAQUE) for value, _ in left) else OPAQUE, {})]
        if isinstance(node.op, ast.Mod):
            return self._percent(left, node.right, site)
        if not isinstance(node.op, ast.Add | ast.BitOr):
            return [(OPAQUE, {})]
        return self.combined([left, self.evaluate(node.right, site)], _added)

    def _percent(self, left: list[Alternative], right: ast.expr, site: Site) -> list[Alternative]:
        if isinstance(right, ast.Tuple):
            parts = [self.evaluate(part, site) for part in right.elts]
            return self.combined([left, *parts], lambda text, *rest: formatted(text, rest))
        return self.combined(
            [left, self.evaluate(right, site)], lambda text, part: formatted(text, (part,))
        )

    def _either(self, node: ast.IfExp, site: Site) -> list[Alternative]:
        fork = id(node)
        return [
            (value, {**choices, fork: way})
            for way, part in enumerate((node.body, node.orelse))
            for value, choices in self.evaluate(part, site)
        ]

    def _boolean(self, node: ast.BoolOp, site: Site) -> list[Alternative]:
        found: list[Alternative] = []
        for n, part in enumerate(node.values):
            last = n == len(node.values) - 1
            if isinstance(node.op, ast.And) and not last:
                continue
            values = self.evaluate(part, site)
            if not last and _asks_environment(part):
                # the default is what the notebook itself says
                continue
            found += [(v, c) for v, c in values if last or not _is_false(v)]
            if not last and values and all(not isinstance(v, Marker) and v for v, _ in values):
                break
        return found

    def _subscript(self, node: ast.Subscript, site: Site) -> list[Alternative]:
        stored = self.names.stored_item(node, site)
        if stored:
            return stored
        bases = self.evaluate(node.value, site)
        if isinstance(node.slice, ast.Slice):
            return self._sliced(bases, node.slice, site)
        found: list[Alternative] = []
        for taken, choices in products([bases, self.evaluate(node.slice, site)], LIMIT):
            for value, own in self.item(*taken):
                both = {**choices, **own}
                found.append((value, both))
        return found

    def _sliced(self, bases: list[Alternative], part: ast.Slice, site: Site) -> list[Alternative]:
        bounds: list[int | None] = []
        for bound in (part.lower, part.upper, part.step):
            values = self.evaluate(bound, site) if bound is not None else [(None, {})]
            if len(values) != 1 or not isinstance(values[0][0], int | None):
                return bases
            bounds.append(values[0][0])
        if bounds[2] == 0:
            return [(UNKNOWN, {})]
        found: list[Alternative] = []
        for value, choices in bases:
            if isinstance(value, Items) and not value.more:
                found.append((Items(value.elements[slice(*bounds)]), choices))
            elif isinstance(value, str):
                found.append((value[slice(*bounds)], choices))
            else:
                found.append((value, choices))
        return found

    def _items(self, node: ast.List | ast.Tuple | ast.Set, site: Site) -> list[Alternative]:
        elements: list[Deferred] = []
        more = False
        for part in node.elts:
            if isinstance(part, ast.Starred):
                inner = self.evaluate(part.value, site)
                if len(inner) == 1 and isinstance(inner[0][0], Items):
                    elements += inner[0][0].elements
                    more = more or inner[0][0].more
                else:
                    more = True
            else:
                elements.append(Deferred(part, site))
        return [(Items(elements, more), {})]

    def _pairs(self, node: ast.Dict, site: Site) -> list[Alternative]:
        entries: list[tuple[Deferred, Deferred]] = []
        more = False
        for key, value in zip(node.keys, node.values, strict=True):
            if key is not None:
                entries.append((Deferred(key, site), Deferred(value, site)))
                continue
            inner = self.evaluate(value, site)
            if len(inner) == 1 and isinstance(inner[0][0], Pairs):
                entries += inner[0][0].entries
                more = more or inner[0][0].more
            else:
                more = True
        return [(Pairs(entries, more), {})]

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp, site: Site
    ) -> list[Alternative]:
        inside = comprehension_site(node, site)
        return [
            (Items(Deferred(None, value=value) for value, _ in self.evaluate(node.elt, inside)), {})
        ]

    def _pair_comprehension(self, node: ast.DictComp, site: Site) -> list[Alternative]:
        inside = comprehension_site(node, site)
        parts = [self.evaluate(node.key, inside), self.evaluate(node.value, inside)]
        return [
            (
                Pairs(
                    (Deferred(None, value=key), Deferred(None, value=value))
                    for (key, value), _ in products(parts, LIMIT)
                ),
                {},
            )
        ]

    def _call(self, node: ast.Call, site: Site) -> list[Alternative]:
        return self._results.of(node, site)

    def _assigned(self, node: ast.NamedExpr | ast.Await, site: Site) -> list[Alternative]:
        return self.evaluate(node.value, site)


def _added(left: Any, right: Any) -> Any:
    if isinstance(left, Items) and isinstance(right, Items):
        return Items((*left.elements, *right.elements), left.more or right.more)
    if isinstance(left, Pairs) and isinstance(right, Pairs):
        return Pairs((*left.entries, *right.entries), left.more or right.more)
    return interpolated((left, right))


def _asks_environment(node: ast.expr) -> bool:
    if not isinstance(node, ast.Call):
        return False
    return dotted_text(node.func) in ("os.getenv", "getenv", "os.environ.get", "environ.get")


def _is_false(value: Any) -> bool:
    return not isinstance(value, Marker) and isinstance(value, str | int | None) and not value


_METHODS: dict[type[ast.AST], Any] = {
    ast.Name: Evaluator._name,
    ast.Attribute: Evaluator._attribute,
    ast.JoinedStr: Evaluator._joined,
    ast.BinOp: Evaluator._operation,
    ast.IfExp: Evaluator._either,
    ast.BoolOp: Evaluator._boolean,
    ast.Subscript: Evaluator._subscript,
    ast.List: Evaluator._items,
    ast.Tuple: Evaluator._items,
    ast.Set: Evaluator._items,
    ast.Dict: Evaluator._pairs,
    ast.ListComp: Evaluator._comprehension,
    ast.SetComp: Evaluator._comprehension,
    ast.GeneratorExp: Evaluator._comprehension,
    ast.DictComp: Evaluator._pair_comprehension,
    ast.NamedExpr: Evaluator._assigned,
    ast.Await: Evaluator._assigned,
    ast.Call: Evaluator._call,
}

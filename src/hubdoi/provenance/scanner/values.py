"""What an expression can be, as far as constants tell: nothing is run or imported."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any, Final, Self, TypeVar

T = TypeVar("T")
U = TypeVar("U")


class Marker:
    """A value of which only its nature is known."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


UNKNOWN: Final = Marker("UNKNOWN")
"""Only the run can tell."""
OPAQUE: Final = Marker("OPAQUE")
"""What a call or another expression gives that is not followed; most often an object."""
LOCAL: Final = Marker("LOCAL")
"""A path of this machine."""
CUT: Final = Marker("CUT")
"""There are more values than are followed."""
GAP: Final = "{unknown}"
"""How a part of a text that is not known is written, as a shell would write a variable."""


class Beginning(Marker):
    """Text of which the end is not known, while its beginning names a repository: `address`."""

    __slots__ = ("address",)

    def __init__(self, address: str) -> None:
        super().__init__("BEGINNING")
        self.address = address


class Partial(Marker):
    """A command line or other text with spaces, its unknown parts written as variables: `text`."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        super().__init__("PARTIAL")
        self.text = text


class Made(Marker):
    """What a class of another module gives; its keyword arguments are taken for its attributes."""

    __slots__ = ("call", "site")

    def __init__(self, call: ast.Call, site: Any) -> None:
        super().__init__("MADE")
        self.call = call
        self.site = site


# Which way was taken at each fork: a loop's element, a function's call, a branch. Values that come
# from different ways of one fork never meet in one expression.
Choices = dict[int, int]
Alternative = tuple[Any, Choices]


class Deferred:
    """An element of a container: an expression that has not been looked at, or a value.

    `choices` are the ways at forks whose value alone it is.
    """

    __slots__ = ("choices", "node", "site", "value")

    def __init__(
        self,
        node: ast.expr | None,
        site: Any = None,
        value: Any = None,
        choices: Choices | None = None,
    ) -> None:
        self.node = node
        self.site = site
        self.value = value
        self.choices = choices or {}


class Items:
    """A list, tuple or set; `more` says that it has elements which are not known."""

    __slots__ = ("elements", "more")

    def __init__(self, elements: Iterable[Deferred], more: bool = False) -> None:
        self.elements = tuple(elements)
        self.more = more


class Pairs:
    """A dictionary; `more` says that it has entries which are not known."""

    __slots__ = ("entries", "more")

    def __init__(self, entries: Iterable[tuple[Deferred, Deferred]], more: bool = False) -> None:
        self.entries = tuple(entries)
        self.more = more

    @classmethod
    def named(cls, entries: Mapping[Any, Deferred], more: bool = False) -> Self:
        """The dictionary whose keys are known."""
        return cls(((Deferred(None, value=key), entry) for key, entry in entries.items()), more)


class Table(Pairs):
    """A data frame: its columns by their names."""

    __slots__ = ()


class Parser:
    """A parser of command lines that fills data classes: the call that makes it."""

    __slots__ = ("call", "site")

    def __init__(self, call: ast.Call, site: Any) -> None:
        self.call = call
        self.site = site


class Module:
    """An imported name, as ``package.module.name``."""

    __slots__ = ("dotted",)

    def __init__(self, dotted: str) -> None:
        self.dotted = dotted


class Function:
    __slots__ = ("node", "site")

    def __init__(self, node: Any, site: Any) -> None:
        self.node = node
        self.site = site


class Class:
    __slots__ = ("node", "site")

    def __init__(self, node: ast.ClassDef, site: Any) -> None:
        self.node = node
        self.site = site


class Instance:
    """What a class of the notebook gives when it is called; `self` has no call."""

    __slots__ = ("call", "of", "site")

    def __init__(self, of: Class, call: ast.Call | None = None, site: Any = None) -> None:
        self.of = of
        self.call = call
        self.site = site


class Settings:
    """An object whose attributes are known: ``SimpleNamespace(model="gpt2")``, parsed arguments."""

    __slots__ = ("entries", "more")

    def __init__(self, entries: dict[str, Deferred], more: bool = False) -> None:
        self.entries = entries
        self.more = more


def merged(first: Choices, second: Choices) -> Choices | None:
    """Both choices together; None when they take different ways at one fork."""
    if not first:
        return second
    if not second:
        return first
    for fork, way in second.items():
        if first.get(fork, way) != way:
            return None
    return {**first, **second}


def of_turn(values: list[Alternative], choices: Choices) -> list[Alternative]:
    """Those of `values` that belong to `choices`, free of them afterwards.

    What one turn of a loop puts under a key is read beside what another puts under another.
    """
    return [
        (value, {fork: way for fork, way in own.items() if fork not in choices})
        for value, own in values
        if merged(choices, own) is not None
    ]


def products(
    parts: list[list[Alternative]], limit: int
) -> Iterator[tuple[tuple[Any, ...], Choices]]:
    """Every way to take one alternative of each part, `limit` at most, that can be taken at once."""
    states: list[tuple[tuple[Any, ...], Choices]] = [((), {})]
    for alternatives in parts:
        grown = []
        for (taken, choices), (value, own) in _pairs(states, alternatives, limit):
            both = merged(choices, own)
            if both is not None:
                grown.append(((*taken, value), both))
                if len(grown) >= limit:
                    break
        states = grown
    yield from states


def _pairs(first: list[T], second: list[U], limit: int) -> Iterator[tuple[T, U]]:
    """Each of `first` with each of `second`; when they are too many, each of `first` soon."""
    if len(first) * len(second) <= limit:
        yield from product(first, second)
        return
    for shift in range(len(second)):
        for n, one in enumerate(first):
            yield one, second[(n + shift) % len(second)]

"""Calls that read a URL of the Hub's files or an `hf://` path, whatever function it is."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from ...records import RepoReference
from ..use import Form
from .binding import Site, dotted_text
from .calls import READERS, SHOWERS, WRITERS, calls_named
from .evaluator import Evaluator
from .scope import Program
from .shell import commands_in
from .target import addresses_in
from .values import (
    CUT,
    GAP,
    Alternative,
    Beginning,
    Deferred,
    Items,
    Marker,
    Pairs,
    Partial,
    products,
)

# How often a URL may be passed on from one name to another.
_SPREADING = 3
_ELEMENTS = 256
_NESTED = 4
_COMMANDS = 64
_ADDRESS = re.compile(
    r"hf://|huggingface\.co|\bhf\.co/|huggingface-cli|[\"']hf\b|--model_name_or_path|--model_args"
)
_ADDRESSED = (
    "hf://",
    "huggingface.co",
    "hf.co/",
    "huggingface-cli",
    '"hf',
    "'hf",
    "--model_name_or_path",
    "--model_args",
)
_SHELL_FUNCTIONS = frozenset(
    "system run Popen call check_call check_output getoutput getstatusoutput".split()
)
# Classes that describe something: a URL in them is a reference, and nothing is read.
_DESCRIPTION = re.compile(
    r"^[A-Z]\w*(?:Meta|MetaData|Metadata|Card|CardData|Result|Reference|Info)$"
)
CUT_REASON = "It has more values than hubdoi follows."


class Note(Protocol):
    """Keeps what was found at a node."""

    def __call__(
        self,
        node: ast.AST,
        site: Site,
        reference: RepoReference | None,
        call: str,
        reason: str = ...,
        form: Form = ...,
    ) -> None: ...


class Reading:
    """Finds the URLs that the calls of a `Program` read, and notes each."""

    def __init__(
        self,
        program: Program,
        evaluator: Evaluator,
        note: Note,
        origin: Callable[[ast.expr, Site], tuple[str, str]],
    ) -> None:
        self._program = program
        self._evaluator = evaluator
        self._note = note
        self._origin = origin

    def data_files(self, node: ast.Call, site: Site, shown: str) -> None:
        """The files of a builder may stand on the Hub."""
        for keyword in node.keywords:
            if keyword.arg in ("data_files", "data_dir"):
                self._addresses_of(keyword.value, node, site, shown)

    def _addresses_of(self, given: ast.expr, node: ast.Call, site: Site, shown: str) -> None:
        cut = False
        for text in self._texts(self._evaluator.values(given, site)):
            if text is None:
                cut = True
                continue
            for reference in addresses_in(text):
                self._note(node, site, reference, shown, form=form_of(text))
        if cut:
            self._note(node, site, None, shown, CUT_REASON)

    def _texts(self, values: Sequence[Alternative], depth: int = 0) -> Iterator[str | None]:
        """The texts in values, however deep they stand; None for those that are too many."""
        for value, _ in values:
            if isinstance(value, str):
                yield value
            elif isinstance(value, Beginning):
                yield value.address
            elif value is CUT:
                yield None
            elif isinstance(value, Items | Pairs):
                elements: Sequence[Deferred] = (
                    value.elements if isinstance(value, Items) else [e for _, e in value.entries]
                )
                if depth >= _NESTED:
                    yield None
                    continue
                for element in elements[:_ELEMENTS]:
                    yield from self._texts(self._evaluator.forced(element), depth + 1)
                if len(elements) > _ELEMENTS:
                    yield None

    def read(self) -> None:
        """Look at every call that may be given a URL."""
        seen: set[int] = set()
        for node, site in self._program.calls_beside(_ADDRESS, has_address):
            seen.add(id(node))
            self._reading(node, site, any_function=True)
        spread = frozenset(self._program.names_bound_beside(_ADDRESS, has_address))
        for _ in range(_SPREADING):
            wider = spread | self._program.names_bound_from(spread)
            if len(wider) == len(spread):
                break
            spread = wider
        for node, site in self._program.calls(spread):
            if id(node) not in seen:
                self._reading(node, site, any_function=False)

    def _reading(self, node: ast.Call, site: Site, *, any_function: bool) -> None:
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if not name or name in WRITERS or name in SHOWERS or _DESCRIPTION.match(name):
            return
        if not any_function and name not in READERS:
            return
        if calls_named(name) and _names_a_place(node):
            return
        origin, _ = self._origin(function, site)
        if origin == "local" and not any_function:
            return
        shown = shown_as(function, name)
        arguments = [*node.args, *(k.value for k in node.keywords)]
        if name in _SHELL_FUNCTIONS and arguments:
            lines, cut = self._command_lines(arguments[0], site)
            if cut:
                self._note(node, site, None, shown, CUT_REASON)
            for line in lines:
                for command in commands_in([(node.lineno, line)]):
                    self._note(node, site, command.reference, command.call, form=command.form)
            if lines:
                return
        for argument in arguments:
            if isinstance(argument, ast.Starred | ast.Lambda):
                continue
            if isinstance(argument, ast.Call) and not _is_text(argument):
                continue
            self._addresses_of(argument, node, site, shown)

    def _command_lines(self, given: ast.expr, site: Site) -> tuple[list[str], bool]:
        """The commands that a function runs, given as texts or as lists of words; and whether
        there are more.
        """
        lines: list[str] = []
        cut = False
        for value, _ in self._evaluator.values(given, site):
            if value is CUT:
                cut = True
            elif isinstance(value, Partial):
                lines.append(value.text)
            elif isinstance(value, str) and any(letter.isspace() for letter in value):
                lines.append(value)
            elif isinstance(value, Items):
                words = [self._word(element) for element in value.elements[:_ELEMENTS]]
                lines += [
                    " ".join(word if word == GAP else shlex.quote(word) for word in taken)
                    for taken, _ in products(words, _COMMANDS)
                    if len(taken) > 1 and "://" not in taken[0]
                ]
        return lines, cut

    def _word(self, element: Deferred) -> list[Alternative]:
        """What a word of a command can be; one that is not known is written as a variable."""
        return [
            (value if isinstance(value, str) else GAP, choices)
            for value, choices in self._evaluator.forced(element)
            if isinstance(value, str | Marker)
        ] or [(GAP, {})]


def has_address(source: str) -> bool:
    """Whether a cell's text may have a URL or a command of the Hub's; False is certain."""
    return any(word in source for word in _ADDRESSED)


def form_of(text: str) -> Form:
    return "path" if "hf://" in text else "url"


def shown_as(function: ast.expr, name: str) -> str:
    """A function as a reader sees it: as it is written, unless that is long."""
    written = dotted_text(function)
    return written if written and len(written) <= 80 else name


def _names_a_place(node: ast.Call) -> bool:
    """Whether the first argument is an id: then a URL elsewhere in the call is not read."""
    return (
        bool(node.args)
        and isinstance(node.args[0], ast.Constant)
        and not str(node.args[0].value).startswith(("hf://", "http"))
    )


def _is_text(node: ast.Call) -> bool:
    return getattr(node.func, "attr", "") in ("format", "join", "replace", "strip")

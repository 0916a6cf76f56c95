"""Finds what the cells of one document load."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from ...records import RepoReference
from ..use import Form, Unclear, Use
from .arguments import given_for, starred_place
from .binding import ANY_LINE, Site, dotted_text
from .calls import OBJECTS, TRIGGERS, Call, lines_for
from .cell import Cell
from .cell_index import WORD
from .evaluator import Evaluator
from .harness import HARNESS_KEYS, arguments_in
from .ipython import has_ipython, plain_python
from .patterns import lazily
from .reading import CUT_REASON, Reading, has_address, shown_as
from .scope import Program
from .shell import Command, commands_in, needs_values
from .syntax import parse_cell
from .target import (
    BUILDERS,
    UNKNOWN_REVISION,
    addresses_in,
    known_revision,
    read_address,
    read_id,
)
from .values import (
    CUT,
    OPAQUE,
    UNKNOWN,
    Alternative,
    Beginning,
    Instance,
    Items,
    Made,
    Marker,
    Pairs,
    Settings,
)

_SAVE_KEYWORDS = ("output_dir", "save_directory", "local_dir", "savedir", "save_dir")
_DOWNLOAD = lazily(r"\b(?:wget|curl|aria2c|axel|git|hf|huggingface-cli)\b")
_ID_NAME = lazily(r"(?i)(?:name|id|path|checkpoint|ckpt|repo|model_str|backbone)$")
# A variable of this name, or one of these keywords, tells that a model of a Hub is meant.
_MODEL_NAME = lazily(
    r"(?i)(?:model|repo|checkpoint|ckpt|pretrained)[_a-z]*(?:name|id|path)$|checkpoint$"
)
_HUB_KEYWORDS = frozenset(
    "subfolder revision token use_auth_token trust_remote_code torch_dtype device_map".split()
)
_REASON = "What it loads is known only when it runs."
_NESTED = 4
_LIMITS = (RecursionError, ValueError, OverflowError, MemoryError)
_LIMIT_REASON = "Its code is nested too deeply, or has a number that is too large, to be read."
_REVISION_REASON = "Which revision it loads is known only when it runs."
_DEFAULT_REASON = "No model is named: the library chooses its default."


def scan(
    cells: Sequence[Cell],
    notebook: str | None = None,
    outside: Callable[[str], Any] | None = None,
) -> tuple[list[Use], list[Unclear]]:
    """What `cells` load, in order of first use, and the calls of which that is unknown.

    `outside` gives what a live kernel knows of a dotted name. Nothing is run or imported. A cell
    that is beyond the limits of Python's parser or of this scanner is one unclear entry.
    """
    try:
        return _scanned(cells, notebook, outside)
    except _LIMITS:
        if len(cells) > 1:
            parts = [scan([cell], notebook, outside) for cell in cells]
            return [use for own, _ in parts for use in own], [u for _, own in parts for u in own]
        (cell,) = cells
        line = 1 + cell.offset
        count = cell.execution_count
        return [], [Unclear("the cell", _LIMIT_REASON, cell.index, line, notebook, count)]


def _scanned(
    cells: Sequence[Cell], notebook: str | None, outside: Callable[[str], Any] | None
) -> tuple[list[Use], list[Unclear]]:
    if not _may_load(cells):
        return [], []
    with warnings.catch_warnings():
        # the notebook's invalid escapes are not the caller's to hear of
        warnings.simplefilter("ignore")
        found = _Scan(cells, notebook, outside)
        try:
            return found.result()
        finally:
            found.clear()


def _may_load(cells: Sequence[Cell]) -> bool:
    if any(cell.language == "shell" for cell in cells):
        return True
    # Most documents load nothing, and many short cells are looked through for longer than one text.
    source = "\n".join(cell.source for cell in cells)
    return needs_values(source) or not TRIGGERS.isdisjoint(WORD.findall(source))


class _Scan:
    """One document's cells, and what was found in them so far."""

    def __init__(
        self, cells: Sequence[Cell], notebook: str | None, outside: Callable[[str], Any] | None
    ) -> None:
        self._cells = cells
        self._notebook = notebook
        self._program = Program(notebook)
        self._evaluator = Evaluator(self._program, outside, len(cells))
        # (cell, line, column, order) -> what was found there
        self._found: list[tuple[tuple[int, int, int], RepoReference | None, str, str, Form]] = []
        self._reading = Reading(self._program, self._evaluator, self._note, self._origin)
        # expressions made here: the evaluator knows them by identity, so they have to live on
        self._kept: list[ast.expr] = []
        for number, cell in enumerate(cells):
            if cell.language == "python":
                self._program.add(number, cell.source, partial(_parse, cell.source))

    def result(self) -> tuple[list[Use], list[Unclear]]:
        self._calls()
        addressed = any(has_address(cell.source) for cell in self._cells)
        if addressed:
            self._reading.read()
        self._shell(addressed)
        self._found.sort(key=lambda entry: entry[0])
        written = self._written() if any(entry[1] for entry in self._found) else {}
        uses: dict[tuple[str, str, str | None], Use] = {}
        unclear: dict[tuple[str, int, int], Unclear] = {}
        for (number, line, _), reference, call, reason, form in self._found:
            cell = self._cells[number]
            place = {
                "cell": cell.index,
                "line": line + cell.offset,
                "notebook": self._notebook,
                "execution_count": cell.execution_count,
            }
            if reference is None:
                unclear.setdefault((call, number, line), Unclear(call, reason, **place))  # type: ignore[arg-type]
                continue
            repo = reference.repo
            saved = written.get(repo.id)
            if saved is not None and saved < (number, line):
                continue
            reference, known = known_revision(reference)
            if not known:
                unclear.setdefault(
                    (call, number, line),
                    Unclear(call, _REVISION_REASON, **place),  # type: ignore[arg-type]
                )
            key = (repo.type, repo.id, reference.revision)
            if key not in uses:
                uses[key] = Use(
                    repo.type,
                    repo.id,
                    reference.revision,
                    call=call,
                    form=form,
                    **place,  # type: ignore[arg-type]
                )
        return list(uses.values()), list(unclear.values())

    def _note(
        self,
        node: ast.AST,
        site: Site,
        reference: RepoReference | None,
        call: str,
        reason: str = _REASON,
        form: Form = "argument",
    ) -> None:
        place = (site.cell, getattr(node, "lineno", 1), getattr(node, "col_offset", 0))
        self._found.append((place, reference, call, reason, form))

    def clear(self) -> None:
        self._program.clear()
        self._evaluator.clear()

    def _calls(self) -> None:
        self._program.read_with(TRIGGERS)
        aliases = {alias for alias, name in self._program.aliases.items() if name in TRIGGERS}
        systems = self._program.names_bound_from(OBJECTS)
        for node, site in self._program.calls(frozenset(TRIGGERS | aliases | systems)):
            self._call(node, site)

    def _call(self, node: ast.Call, site: Site) -> None:
        function = node.func
        if isinstance(function, ast.Attribute):
            written = function.attr
        elif isinstance(function, ast.Name):
            written = function.id
        else:
            return
        origin, dotted = self._origin(function, site)
        for entry in lines_for(origin, dotted):
            self._argument(node, site, entry, shown_as(function, written))

    def _origin(self, function: ast.expr, site: Site, depth: int = 0) -> tuple[str, str]:
        """Where a function comes from (import, local, unbound, value), and its name there."""
        if depth > 12:
            return "value", ""
        if isinstance(function, ast.Attribute):
            origin, dotted = self._origin(function.value, site, depth + 1)
            return origin, f"{dotted}.{function.attr}"
        if isinstance(function, ast.Call):
            origin, dotted = self._origin(function.func, site, depth + 1)
            return origin, f"{dotted}()"
        if not isinstance(function, ast.Name):
            return "value", ""
        bindings = self._evaluator.names.reaching(function.id, site, function)
        if not bindings:
            return "unbound", function.id
        for binding, _ in reversed(bindings):
            if binding.kind == "import":
                return "import", binding.node
            if binding.kind in ("def", "class"):
                return "local", function.id
            if binding.kind == "value" and all(step[0] == "entered" for step in binding.steps):
                value = binding.node
                if isinstance(value, ast.Name | ast.Attribute | ast.Call) and not (
                    isinstance(value, ast.Name) and value.id == function.id
                ):
                    origin, dotted = self._origin(value, binding.site, depth + 1)
                    if origin in ("import", "unbound"):
                        return origin, dotted
        return "value", function.id

    def _argument(self, node: ast.Call, site: Site, entry: Call, shown: str) -> None:
        """Note what one argument of a call can name."""
        given = given_for(node, entry)
        if given is None:
            starred = starred_place(node, entry)
            values = self._from_star(*starred, site) if starred else []
            if any(keyword.arg is None for keyword in node.keywords):
                if not any(isinstance(value, str) for value, _ in values):
                    values += self._from_double_star(node, site, entry)
            elif starred is None:
                if entry.default:
                    self._note(node, site, None, shown, _DEFAULT_REASON)
                return
        else:
            values = self._evaluator.values(given, site)
        revisions = self._revisions(node, site, entry)
        kind = self._repo_type(node, site, entry)
        if kind == "space":
            return
        builder = False
        unclear = False
        for value, choices in self._named(values, entry):
            if isinstance(value, Beginning):
                value = value.address
            if isinstance(value, str):
                builder = builder or (entry.builder and value in BUILDERS)
                reference = self._read(value, entry, kind)
                if reference is None:
                    continue
                for revision, own in revisions:
                    if all(choices.get(fork, way) == way for fork, way in own.items()):
                        named = UNKNOWN_REVISION if isinstance(revision, Marker) else revision
                        if not isinstance(named, str) or not named:
                            named = reference.revision
                        form: Form = "path" if entry.path or "://" in value else "argument"
                        self._note(
                            node, site, RepoReference(reference.repo, named), shown, form=form
                        )
            elif value is CUT:
                self._note(node, site, None, shown, CUT_REASON)
            elif value is UNKNOWN or value is OPAQUE or isinstance(value, Made):
                unclear = unclear or self._is_unclear(
                    value, given, entry, (keyword.arg for keyword in node.keywords)
                )
        if unclear:
            self._note(node, site, None, shown)
        if builder:
            self._reading.data_files(node, site, shown)

    def _named(self, values: list[Alternative], entry: Call) -> Iterator[Alternative]:
        """The values of an argument; those in its lists, and in a harness's text of arguments."""
        for value, choices in values:
            if entry.settings:
                yield from self._fields(value, entry.settings.split("|"))
            elif entry.listed and isinstance(value, Items):
                for element in value.elements:
                    yield from self._evaluator.forced(element)
            elif entry.harness and isinstance(value, str):
                yield from ((text, choices) for text in arguments_in(value))
            elif entry.harness and isinstance(value, Pairs):
                for key in HARNESS_KEYS:
                    yield from (p for p in self._evaluator.entry(value, key) if p[0] is not UNKNOWN)
            else:
                yield value, choices

    def _fields(self, value: Any, names: list[str], depth: int = 0) -> Iterator[Alternative]:
        """The texts in the fields of settings, and of those that stand in them."""
        if not isinstance(value, Settings | Instance | Pairs) or depth > _NESTED:
            return
        for name in names:
            found = self._evaluator.item(value, name)
            yield from (part for part in found if isinstance(part[0], str))
        for _, entry in value.entries if isinstance(value, Pairs) else ():
            yield from self._fields(self._evaluator.first(entry), names, depth + 1)

    @staticmethod
    def _is_unclear(
        value: Any, given: ast.expr | None, entry: Call, keywords: Iterable[str | None]
    ) -> bool:
        """Whether a value that is not known may be the name of a repository."""
        written = dotted_text(given).rpartition(".")[2] if given is not None else ""
        if entry.prefix or entry.path:
            return False
        if entry.quiet and not _HUB_KEYWORDS.intersection(keywords):
            # another function of that name may be meant
            return _MODEL_NAME.search(written) is not None
        if isinstance(given, ast.Subscript):
            key = given.slice
            written = (
                key.value
                if isinstance(key, ast.Constant) and isinstance(key.value, str)
                else "name"
            )
        if entry.objects:
            return bool(written) and _ID_NAME.search(written) is not None
        if isinstance(given, ast.Call) and value is not UNKNOWN:
            return not isinstance(given.func, ast.Attribute) or given.func.attr != "parent"
        return True

    def _read(self, text: str, entry: Call, kind: str) -> RepoReference | None:
        if entry.prefix:
            beginning = next((p for p in entry.prefix if text.startswith(p)), None)
            if beginning is None:
                return None
            if beginning == "hf://":
                return read_address(text)
            text = text.removeprefix(beginning).partition("/config")[0]
            if entry.type == "dataset":
                text = text.partition("/")[0].replace("__", "/")
        return read_id(
            text,
            "dataset" if kind == "dataset" else "model",
            home=entry.home,
            namespaced=entry.namespaced,
            tagged=entry.tagged,
            path=entry.path,
        )

    def _repo_type(self, node: ast.Call, site: Site, entry: Call) -> str:
        for keyword in node.keywords:
            if keyword.arg == "repo_type":
                for value, _ in self._evaluator.values(keyword.value, site):
                    if value in ("dataset", "space"):
                        return str(value)
        return entry.type

    def _revisions(
        self, node: ast.Call, site: Site, entry: Call
    ) -> list[tuple[Any, dict[int, int]]]:
        if not node.keywords:
            return [(None, {})]
        names = entry.revisions
        for keyword in node.keywords:
            if keyword.arg in names:
                return self._evaluator.values(keyword.value, site) or [(None, {})]
        for keyword in node.keywords:
            if keyword.arg is None:
                found = [
                    part
                    for value, _ in self._evaluator.values(keyword.value, site)
                    if isinstance(value, Pairs)
                    for name in names
                    for part in self._evaluator.item(value, name)
                    if isinstance(part[0], str)
                ]
                if found:
                    return found
        return [(None, {})]

    def _from_star(self, given: ast.expr, place: int, site: Site) -> list[Alternative]:
        """What stands at `place` of the positional arguments that are given as one list."""
        found: list[Alternative] = []
        for value, choices in self._evaluator.values(given, site):
            if not isinstance(value, Items):
                found.append((value if isinstance(value, Marker) else OPAQUE, choices))
            elif value.more or place < len(value.elements):
                found += (
                    (part, {**choices, **own}) for part, own in self._evaluator.item(value, place)
                )
        return found

    def _from_double_star(
        self, node: ast.Call, site: Site, entry: Call
    ) -> list[tuple[Any, dict[int, int]]]:
        found: list[tuple[Any, dict[int, int]]] = []
        known = False
        for keyword in node.keywords:
            if keyword.arg is not None:
                continue
            for value, _ in self._evaluator.values(keyword.value, site):
                if isinstance(value, Pairs):
                    known = True
                    for name in entry.keywords:
                        found += [
                            p for p in self._evaluator.item(value, name) if p[0] is not UNKNOWN
                        ]
        if found or known or entry.objects or entry.place is None:
            return found
        return [(UNKNOWN, {})]

    def _shell(self, addressed: bool) -> None:
        for number, cell in enumerate(self._cells):
            site = Site(self._program.module, number)
            if cell.language == "shell":
                lines = list(enumerate(cell.source.splitlines(), 1))
                self._commands(commands_in(lines, script=True), site)
                continue
            if not (needs_values(cell.source) or (addressed and _DOWNLOAD.search(cell.source))):
                continue
            if not has_ipython(cell.source):
                continue
            extra = plain_python(cell.source)

            def value(name: str, site: Site = site) -> list[str]:
                return self._shell_value(name, site)

            self._commands(commands_in(extra.shell, value, script=extra.whole_shell), site)
            for line, text in extra.text:
                for reference in addresses_in(text):
                    self._found.append(((number, line, 0), reference, "%sql", "", "path"))

    def _commands(self, commands: Iterator[Command], site: Site) -> None:
        for command in commands:
            place = (site.cell, command.line, 0)
            reason = CUT_REASON if command.cut else _REASON
            self._found.append((place, command.reference, command.call, reason, command.form))

    def _shell_value(self, name: str, site: Site) -> list[str]:
        try:
            node = ast.parse(name, mode="eval").body
        except (SyntaxError, ValueError):
            return []
        # the names of the cells up to this one, the whole of it included
        for part in ast.walk(node):
            if hasattr(part, "lineno"):
                part.lineno = ANY_LINE
        self._kept.append(node)
        return [value for value, _ in self._evaluator.values(node, site) if isinstance(value, str)]

    def _written(self) -> dict[str, tuple[int, int]]:
        """Where the notebook itself writes: a name that it saves to and then loads is a directory."""
        places: dict[str, tuple[int, int]] = {}

        def keep(node: ast.Call, argument: ast.expr, site: Site) -> None:
            for value, _ in self._evaluator.values(argument, site):
                if isinstance(value, str) and value:
                    place = (site.cell, node.lineno)
                    places[value] = min(places.get(value, place), place)

        words = frozenset({"save_pretrained", "save_model", "save_to_disk", *_SAVE_KEYWORDS})
        for node, site in self._program.calls(words):
            function = node.func
            name = getattr(function, "attr", "") or getattr(function, "id", "")
            if name in words and node.args:
                keep(node, node.args[0], site)
            for keyword in node.keywords:
                if keyword.arg in _SAVE_KEYWORDS and not any(
                    k.arg == "push_to_hub" and getattr(k.value, "value", None) is True
                    for k in node.keywords
                ):
                    keep(node, keyword.value, site)
        return places


def _parse(source: str) -> tuple[str, list[ast.stmt]]:
    parsed = parse_cell(source, TRIGGERS)
    return parsed.lines.python or source, parsed.body

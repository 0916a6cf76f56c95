"""Where names get their values: the bindings of all cells, without running any."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from .binding import Binding, Scope, Site, Step, dotted_text
from .cell_index import CellIndex, Parse, may_bind
from .modules import package_above

_SCOPED = frozenset({ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp, ast.Lambda})
# Where no call can be: leaves of the tree, and fields that hold no code. Walking is most of the
# time of a scan, so what cannot matter is not looked at.
_LEAVES = frozenset({ast.Name, ast.Constant, str, int, type(None)})
_NO_CODE = frozenset(
    "ctx op ops id arg attr names name level module type_comment kind conversion is_async "
    "simple asname annotation returns args_only".split()
)
_GIVES_DATA = ("read_", "scan_", "load_", "from_")
MAPS = ("map", "imap", "starmap")
_CHILDREN: dict[type[Any], tuple[str, ...]] = {}


class Program:
    """The cells of a document as one program, in which names can be looked up.

    A cell is parsed when something in it is asked for: most of a notebook loads nothing.
    """

    def __init__(self, file: str | None = None) -> None:
        self.module = Scope("module")
        self._file = file
        # attribute name -> (the object as written, binding): `config.model = …`
        self.attributes: dict[str, list[tuple[str, Binding]]] = {}
        # the object as written -> (key, binding): `config["model"] = …`
        self.items: dict[str, list[tuple[ast.expr, Binding]]] = {}
        self.aliases: dict[str, str] = {}
        # the loops by what their steps are called after
        self.loops: dict[int, ast.For | ast.AsyncFor] = {}
        self._cells: dict[int, CellIndex] = {}
        self._waiting: dict[int, CellIndex] = {}
        # word -> the cells with it, once a name was looked for
        self._where: dict[str, list[CellIndex]] = {}
        self._needed: set[str] = set()

    def add(self, number: int, source: str, parse: Parse) -> None:
        """Add the cell `number`; `parse` reads the whole of it."""
        self._cells[number] = self._waiting[number] = CellIndex(number, source, parse)

    def need(self, name: str) -> None:
        """Parse the cells that may give `name` a value."""
        if not self._waiting or name in self._needed:
            return
        self._needed.add(name)
        for index in self._holding(name):
            if index.number in self._waiting and may_bind(index.source, name):
                self._read(index)

    def _holding(self, word: str) -> Sequence[CellIndex]:
        if not self._where:
            for index in self._cells.values():
                for each in index.words:
                    self._where.setdefault(each, []).append(index)
        return self._where.get(word, ())

    def _read(self, index: CellIndex) -> None:
        del self._waiting[index.number]
        index.source, body = index.parse()
        self._block(body, Site(self.module, index.number), index)
        if ":=" in index.source:
            self._walruses(index.units)

    def read_with(self, words: frozenset[str]) -> None:
        """Parse the cells in which one of `words` stands."""
        for index in list(self._waiting.values()):
            if not words.isdisjoint(index.words):
                self._read(index)

    def _walruses(self, units: Sequence[tuple[int, int, ast.AST, Site]]) -> None:
        for _, _, node, site in units:
            for part in ast.walk(node):
                if isinstance(part, ast.NamedExpr):
                    self.bind(part.target, part.value, site, part.lineno)

    def clear(self) -> None:
        """Untie what points at each other, so that it is freed at once."""
        scopes = [self.module]
        while scopes:
            scope = scopes.pop()
            scopes += scope.inner
            scope.bindings.clear()
            scope.inner.clear()
            scope.node = scope.parent = None
        self.attributes.clear()
        self.items.clear()
        self.loops.clear()
        self._cells.clear()
        self._waiting.clear()
        self._where.clear()

    def calls_of(self, name: str) -> Iterator[tuple[ast.Call, Site]]:
        """Every call of a function or method of this name, and of `map` with it.

        A document may ask about each of its functions: a cell is looked through once for all.
        """
        for index in self._holding(name):
            if index.number in self._waiting:
                self._read(index)
            if index.calls is None:
                index.calls = {}
                for _, _, node, where in index.units:
                    for call, site in calls_under(node, where):
                        for called in _called(call):
                            index.calls.setdefault(called, []).append((call, site))
            yield from index.calls.get(name, ())

    def calls(self, words: frozenset[str]) -> Iterator[tuple[ast.Call, Site]]:
        """Every call in a statement that has one of `words` on its lines."""
        for index in list(self._cells.values()):
            present = words & index.words
            if present:
                yield from self._calls_near(index, _any_word(present))

    def calls_beside(
        self, pattern: re.Pattern[str], holds: Callable[[str], bool]
    ) -> Iterator[tuple[ast.Call, Site]]:
        """Every call in a statement that has text of `pattern` on its lines.

        `holds` tells quickly whether a cell's text may have it at all.
        """
        for index in list(self._cells.values()):
            if holds(index.source):
                yield from self._calls_near(index, pattern)

    def names_bound_beside(
        self, pattern: re.Pattern[str], holds: Callable[[str], bool]
    ) -> set[str]:
        """The names that are bound by statements with text of `pattern` on their lines."""
        return self._bound_near(
            (index, pattern) for index in list(self._cells.values()) if holds(index.source)
        )

    def names_bound_from(self, words: frozenset[str]) -> set[str]:
        """The names that are bound by statements with one of `words` on their lines."""
        return self._bound_near(
            (index, _any_word(words & index.words))
            for index in list(self._cells.values())
            if not words.isdisjoint(index.words)
        )

    def _bound_near(self, places: Iterable[tuple[CellIndex, re.Pattern[str]]]) -> set[str]:
        found: set[str] = set()
        for index, pattern in places:
            for node, _ in self._units_near(index, pattern):
                if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
                    if gives_data(node.value):
                        continue
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    for target in targets:
                        found.update(
                            part.id if isinstance(part, ast.Name) else part.attr
                            for part in ast.walk(target)
                            if isinstance(part, ast.Name | ast.Attribute)
                        )
        return found

    def _calls_near(
        self, index: CellIndex, pattern: re.Pattern[str]
    ) -> Iterator[tuple[ast.Call, Site]]:
        for node, site in self._units_near(index, pattern):
            yield from calls_under(node, site)

    def _units_near(
        self, index: CellIndex, pattern: re.Pattern[str]
    ) -> Iterator[tuple[ast.AST, Site]]:
        if index.number in self._waiting:
            self._read(index)
        hot = index.lines_with(pattern)
        if not hot:
            return
        for first, last, node, site in index.units:
            place = bisect_left(hot, first)
            if place < len(hot) and hot[place] <= last:
                yield node, site

    def _block(self, body: Sequence[ast.stmt], site: Site, index: CellIndex) -> None:
        for statement in body:
            handler = _HANDLERS.get(type(statement))
            if handler is not None:
                handler(self, statement, site, index)
            else:
                index.units.append(
                    (statement.lineno, statement.end_lineno or statement.lineno, statement, site)
                )

    def _unit(self, node: ast.AST | None, site: Site, index: CellIndex) -> None:
        if node is not None:
            line = getattr(node, "lineno", None)
            if line is not None:
                index.units.append((line, getattr(node, "end_lineno", None) or line, node, site))

    def _assign(self, node: ast.Assign, site: Site, index: CellIndex) -> None:
        index.units.append((node.lineno, node.end_lineno or node.lineno, node, site))
        value = node.value
        for target in node.targets:
            self.bind(target, value, site, node.lineno)
            if isinstance(target, ast.Name) and isinstance(value, ast.Attribute | ast.Name):
                self.aliases[target.id] = (
                    value.attr if isinstance(value, ast.Attribute) else value.id
                )

    def _annotated(self, node: ast.AnnAssign, site: Site, index: CellIndex) -> None:
        index.units.append((node.lineno, node.end_lineno or node.lineno, node, site))
        if node.value is not None:
            self.bind(node.target, node.value, site, node.lineno)

    def _augmented(self, node: ast.AugAssign, site: Site, index: CellIndex) -> None:
        index.units.append((node.lineno, node.end_lineno or node.lineno, node, site))
        if isinstance(node.target, ast.Name):
            self._bind_name(node.target.id, Binding("aug", node, site, node.lineno))

    def _expression(self, node: ast.Expr, site: Site, index: CellIndex) -> None:
        value = node.value
        if isinstance(value, ast.Constant):
            return
        index.units.append((node.lineno, node.end_lineno or node.lineno, node, site))
        if (
            isinstance(value, ast.Call)
            and isinstance(value.func, ast.Attribute)
            and isinstance(value.func.value, ast.Name)
            and value.func.attr in ("append", "extend", "insert", "update", "add", "setdefault")
        ):
            self._bind_name(value.func.value.id, Binding("change", value, site, node.lineno))

    def _import(self, node: ast.Import | ast.ImportFrom, site: Site, index: CellIndex) -> None:
        module = ""
        if isinstance(node, ast.ImportFrom):
            module = package_above(self._file, node.level) + (node.module or "")
        for alias in node.names:
            name = alias.asname or alias.name
            dotted = f"{module}.{alias.name}" if module else alias.name
            if isinstance(node, ast.Import) and not alias.asname:
                name = dotted = alias.name.partition(".")[0]
            if alias.asname and alias.asname != alias.name:
                self.aliases[alias.asname] = alias.name.rpartition(".")[2]
            self._bind_name(name, Binding("import", dotted, site, node.lineno))

    def _function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, site: Site, index: CellIndex
    ) -> None:
        self._bind_name(node.name, Binding("def", node, site, node.lineno))
        for part in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults):
            self._unit(part, site, index)
        scope = Scope("function", site.scope, node)
        # the function's own scope is found again from its node
        node.hubdoi_scope = scope  # type: ignore[union-attr]
        inner = Site(scope, site.cell)
        arguments = node.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            scope.bindings[argument.arg] = [Binding("param", argument.arg, inner, node.lineno)]
        for rest in (arguments.vararg, arguments.kwarg):
            if rest is not None:
                scope.bindings[rest.arg] = [Binding("opaque", None, inner, node.lineno)]
        self._block(node.body, inner, index)

    def _class(self, node: ast.ClassDef, site: Site, index: CellIndex) -> None:
        self._bind_name(node.name, Binding("class", node, site, node.lineno))
        for part in (*node.decorator_list, *node.bases, *(k.value for k in node.keywords)):
            self._unit(part, site, index)
        scope = Scope("class", site.scope, node)
        # the class's own scope is found again from its node
        node.hubdoi_scope = scope  # type: ignore[attr-defined]
        self._block(node.body, Site(scope, site.cell), index)

    def _for(self, node: ast.For | ast.AsyncFor, site: Site, index: CellIndex) -> None:
        self._unit(node.iter, site, index)
        self.loops[id(node)] = node
        inside = self._loop(site, node)
        self.bind(node.target, node.iter, inside, node.lineno, (("each", id(node)),))
        self._block(node.body, inside, index)
        self._block(node.orelse, site, index)

    def _while(self, node: ast.While, site: Site, index: CellIndex) -> None:
        self._unit(node.test, site, index)
        self._block(node.body, self._loop(site, node), index)
        self._block(node.orelse, site, index)

    def _if(self, node: ast.If, site: Site, index: CellIndex) -> None:
        # `elif` nests in the tree, and is one fork with many ways: a loop, however many there are
        part, way = node, 0
        while True:
            self._unit(part.test, site, index)
            self._block(part.body, self._branch(site, node, way), index)
            way += 1
            if len(part.orelse) != 1 or not isinstance(part.orelse[0], ast.If):
                break
            part = part.orelse[0]
        self._block(part.orelse, self._branch(site, node, way), index)

    def _with(self, node: ast.With | ast.AsyncWith, site: Site, index: CellIndex) -> None:
        for item in node.items:
            self._unit(item.context_expr, site, index)
            if item.optional_vars is not None:
                self.bind(
                    item.optional_vars, item.context_expr, site, node.lineno, (("entered", None),)
                )
        self._block(node.body, site, index)

    def _try(self, node: Any, site: Site, index: CellIndex) -> None:
        # a block of `try` runs, as far as one can tell; its handlers may run as well
        self._block(node.body, site, index)
        for n, handler in enumerate(node.handlers):
            inside = self._branch(site, node, n)
            if handler.name:
                self._bind_name(handler.name, Binding("opaque", None, inside, handler.lineno))
            self._block(handler.body, inside, index)
        self._block(node.orelse, site, index)
        self._block(node.finalbody, site, index)

    def _match(self, node: ast.Match, site: Site, index: CellIndex) -> None:
        self._unit(node.subject, site, index)
        for n, case in enumerate(node.cases):
            inside = self._branch(site, node, n)
            for part in ast.walk(case.pattern):
                name = getattr(part, "name", None)
                if isinstance(name, str):
                    self._bind_name(name, Binding("opaque", None, inside, node.lineno))
            self._block(case.body, inside, index)

    def _global(self, node: ast.Global | ast.Nonlocal, site: Site, index: CellIndex) -> None:
        site.scope.elsewhere.update(node.names)

    @staticmethod
    def _branch(site: Site, node: ast.AST, block: int) -> Site:
        return Site(site.scope, site.cell, (*site.branches, (id(node), block)))

    @staticmethod
    def _loop(site: Site, node: ast.AST) -> Site:
        # a loop is no fork: what it binds may be seen after it, together with anything
        return Site(site.scope, site.cell, (*site.branches, (-id(node), 0)))

    def _return(self, node: ast.Return, site: Site, index: CellIndex) -> None:
        index.units.append((node.lineno, node.end_lineno or node.lineno, node, site))
        node.hubdoi_branches = site.branches  # type: ignore[attr-defined]

    def bind(
        self,
        target: ast.expr,
        value: ast.expr,
        site: Site,
        line: int,
        steps: tuple[Step, ...] = (),
    ) -> None:
        """Record that `target` gets `value`, taken apart by `steps`."""
        if isinstance(target, ast.Name):
            self._bind_name(target.id, Binding("value", value, site, line, steps))
        elif isinstance(target, ast.Tuple | ast.List):
            starred = False
            for n, part in enumerate(target.elts):
                if isinstance(part, ast.Starred):
                    starred = True
                    self.bind(part.value, value, site, line, (*steps, ("rest", n)))
                else:
                    place = n - len(target.elts) if starred else n
                    self.bind(part, value, site, line, (*steps, ("item", place)))
        elif isinstance(target, ast.Attribute):
            owner = dotted_text(target.value)
            if owner:
                binding = Binding("value", value, site, line, steps)
                self.attributes.setdefault(target.attr, []).append((owner, binding))
        elif isinstance(target, ast.Subscript):
            owner = dotted_text(target.value)
            if owner:
                binding = Binding("value", value, site, line, steps)
                self.items.setdefault(owner, []).append((target.slice, binding))

    def _bind_name(self, name: str, binding: Binding) -> None:
        scope = binding.site.scope
        if name in scope.elsewhere:
            scope = self.module
        scope.bindings.setdefault(name, []).append(binding)


_HANDLERS: dict[type[ast.AST], Any] = {
    ast.Assign: Program._assign,
    ast.AnnAssign: Program._annotated,
    ast.AugAssign: Program._augmented,
    ast.Expr: Program._expression,
    ast.Import: Program._import,
    ast.ImportFrom: Program._import,
    ast.FunctionDef: Program._function,
    ast.AsyncFunctionDef: Program._function,
    ast.ClassDef: Program._class,
    ast.For: Program._for,
    ast.AsyncFor: Program._for,
    ast.While: Program._while,
    ast.If: Program._if,
    ast.With: Program._with,
    ast.AsyncWith: Program._with,
    ast.Try: Program._try,
    ast.TryStar: Program._try,
    ast.Match: Program._match,
    ast.Return: Program._return,
    ast.Global: Program._global,
    ast.Nonlocal: Program._global,
}


def calls_under(node: ast.AST, site: Site) -> Iterator[tuple[ast.Call, Site]]:
    """The calls in an expression or simple statement; comprehensions and lambdas get a scope."""
    stack: list[tuple[Any, Site]] = [(node, site)]
    while stack:
        part, where = stack.pop()
        kind = type(part)
        if kind is ast.Call:
            yield part, where
        elif kind in _SCOPED:
            where = (
                _lambda_site(part, where) if kind is ast.Lambda else comprehension_site(part, where)
            )
        children = _CHILDREN.get(kind)
        if children is None:
            children = _CHILDREN[kind] = tuple(
                f for f in getattr(kind, "_fields", ()) if f not in _NO_CODE
            )
        for name in children:
            value = getattr(part, name)
            if value is None:
                continue
            kind = type(value)
            if kind is list:
                for child in value:
                    if type(child) not in _LEAVES:
                        stack.append((child, where))
            elif kind not in _LEAVES:
                stack.append((value, where))


def _called(call: ast.Call) -> Iterator[str]:
    function = call.func
    called = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    yield called
    if called in MAPS and call.args and isinstance(call.args[0], ast.Name):
        yield call.args[0].id


def gives_data(node: ast.expr | None) -> bool:
    """Whether an expression gives what it reads, so that its name holds no URL."""
    while isinstance(node, ast.Call | ast.Attribute | ast.Subscript):
        if isinstance(node, ast.Call):
            node = node.func
            name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
            if name.startswith(_GIVES_DATA):
                return True
        else:
            node = node.value
    return False


def comprehension_site(node: Any, site: Site) -> Site:
    """The scope of a comprehension, in which its targets are bound; always the same one."""
    known: Site | None = getattr(node, "hubdoi_site", None)
    if known is not None:
        return known
    scope = Scope("comprehension", site.scope, node)
    inside = Site(scope, site.cell, site.branches)
    binder = Program()
    for n, generator in enumerate(node.generators):
        where = inside if n else Site(site.scope, site.cell, site.branches)
        for name, binding in _targets(binder, generator, where, node.lineno):
            scope.bindings.setdefault(name, []).append(binding)
    node.hubdoi_site = inside
    return inside


def _targets(
    binder: Program, generator: ast.comprehension, where: Site, line: int
) -> Iterator[tuple[str, Binding]]:
    holder = Scope("comprehension", where.scope)
    binder.bind(
        generator.target,
        generator.iter,
        Site(holder, where.cell, where.branches),
        line,
        (("each", id(generator)),),
    )
    for name, bindings in holder.bindings.items():
        for binding in bindings:
            binding.site = where
            yield name, binding


def _lambda_site(node: ast.Lambda, site: Site) -> Site:
    scope = Scope("function", site.scope, node)
    inside = Site(scope, site.cell)
    for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
        scope.bindings[argument.arg] = [Binding("param", argument.arg, inside, node.lineno)]
    return inside


@lru_cache(maxsize=256)
def _any_word(words: frozenset[str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, words)))})\b")

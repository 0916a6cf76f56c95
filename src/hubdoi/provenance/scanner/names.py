"""Which values can reach a name, an attribute or a parameter."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .binding import ANY_LINE, Binding, Scope, Site, dotted_text
from .parsers import LOCAL_PARAMETER
from .reaching import position, reaching
from .scope import MAPS, Program
from .signatures import default_of, ends_early, fields_of, is_static, returns_of
from .values import (
    CUT,
    LOCAL,
    OPAQUE,
    UNKNOWN,
    Alternative,
    Class,
    Deferred,
    Function,
    Instance,
    Items,
    Made,
    Marker,
    Module,
    Pairs,
    Settings,
    Table,
)

if TYPE_CHECKING:
    from .evaluator import Evaluator


_MAX_SITES = 64


class Names:
    """Looks names up in a `Program`; the `Evaluator` evaluates what is found."""

    def __init__(self, program: Program, evaluator: Evaluator) -> None:
        self._program = program
        self._evaluator = evaluator
        # how long a list of bindings was when it was put in order
        self._ordered: dict[int, int] = {}
        self._sites: dict[str, list[tuple[ast.Call, Site]]] = {}
        # a list of assignments -> how long it was, and its bindings by what they are given to
        self._groups: dict[int, tuple[int, dict[Any, tuple[list[Binding], set[Scope]]]]] = {}

    def lookup(self, name: str, site: Site, node: ast.AST) -> list[Alternative] | None:
        """What `name` can be where `node` stands; None when nothing binds it."""
        found = self.reaching(name, site, node)
        if not found:
            return None
        values: list[Alternative] = []
        changes: list[Binding] = []
        for binding, forks in found:
            if binding.kind == "change":
                changes.append(binding)
                continue
            if not self._evaluator.step():
                return [(UNKNOWN, {})]
            last = self._is_over(binding, site, node)
            for value, choices in (
                self._stepped(binding, last) if last else self._bound(binding, name)
            ):
                values.append((value, {**choices, **forks} if forks else choices))
        stored = self._program.items.get(name, ())
        if (changes or stored) and any(isinstance(v, Items | Pairs) for v, _ in values):
            values = [(self._changed(value, changes, stored), choices) for value, choices in values]
        return values or [(UNKNOWN, {})]

    def reaching(
        self, name: str, site: Site, node: ast.AST
    ) -> list[tuple[Binding, dict[int, int]]]:
        """The bindings of `name` that can reach `node`, with the branches that they stand in."""
        self._program.need(name)
        scope: Scope | None = site.scope
        inline = True
        while scope is not None:
            bindings = scope.bindings.get(name)
            if bindings and name not in scope.elsewhere and (inline or scope.kind != "class"):
                return reaching(self._in_order(bindings), site, node, inline)
            if scope.kind != "comprehension":
                inline = False
            scope = scope.parent
        return []

    def _in_order(self, bindings: list[Binding]) -> list[Binding]:
        """The bindings in the order of the cells; cells are read as they are needed."""
        if self._ordered.get(id(bindings)) != len(bindings):
            bindings.sort(key=position)
            self._ordered[id(bindings)] = len(bindings)
        return bindings

    def is_global(self, name: str, site: Site) -> bool:
        """Whether `name` is the module's where it is used at `site`."""
        scope: Scope | None = site.scope
        while scope is not None and scope.parent is not None:
            if name in scope.bindings and name not in scope.elsewhere:
                return False
            scope = scope.parent
        return True

    def _bound(self, binding: Binding, name: str) -> list[Alternative]:
        kind = binding.kind
        if kind == "value":
            return self._stepped(binding)
        if kind == "import":
            return [(Module(binding.node), {})]
        if kind == "def":
            return [(Function(binding.node, binding.site), {})]
        if kind == "class":
            return [(Class(binding.node, binding.site), {})]
        if kind == "param":
            return self._parameter(binding, name)
        if kind == "cut":
            return [(CUT, {})]
        if kind == "aug" and isinstance(binding.node.op, ast.Add):
            before = self.lookup(name, binding.site, binding.node) or [(UNKNOWN, {})]
            after = self._evaluator.evaluate(binding.node.value, binding.site)
            return self._evaluator.added(before, after)
        return [(OPAQUE, {})]

    def _is_over(self, binding: Binding, site: Site, node: ast.AST) -> bool:
        """Whether a loop that binds has run to its end where `node` stands: its last turn is left."""
        if (
            not binding.steps
            or binding.steps[0][0] != "each"
            or binding.site.scope is not site.scope
        ):
            return False
        loop = self._program.loops.get(binding.steps[0][1])
        if loop is None or any(fork == -id(loop) for fork, _ in site.branches):
            return False
        line = getattr(node, "lineno", 0)
        end = ANY_LINE if line == ANY_LINE else loop.end_lineno or loop.lineno
        if (site.cell, line) <= (binding.site.cell, end):
            return False
        return not ends_early(loop)

    def _stepped(self, binding: Binding, last: bool = False) -> list[Alternative]:
        """A binding's value, taken apart as its target is; `last`: as a loop leaves it."""
        evaluator = self._evaluator
        values = evaluator.evaluate(binding.node, binding.site)
        for n, (step, detail) in enumerate(binding.steps):
            taken: list[Alternative] = []
            for value, choices in values:
                if step == "each":
                    parts = evaluator.each(value, detail, last=last and not n)
                elif step == "item":
                    parts = evaluator.item(value, detail)
                else:
                    parts = [(value if isinstance(value, Marker) else OPAQUE, {})]
                taken += [(part, {**choices, **own}) for part, own in parts]
            values = taken
        return values

    def _changed(
        self,
        value: Any,
        changes: Sequence[Binding],
        stored: Sequence[tuple[ast.expr, Binding]],
    ) -> Any:
        """A container with what `append`, `update` and assignments to its items put into it."""
        if isinstance(value, Pairs):
            if not self._evaluator.step(len(value.entries) + len(stored)):
                return UNKNOWN
            entries = list(value.entries)
            more = value.more
            for key, binding in stored:
                if binding.steps:
                    more = True
                else:
                    entries.append(
                        (Deferred(key, binding.site), Deferred(binding.node, binding.site))
                    )
            for change in changes:
                for argument in change.node.args[:1]:
                    for part, _ in self._evaluator.evaluate(argument, change.site):
                        if isinstance(part, Pairs):
                            entries += part.entries
                        else:
                            more = True
            return Pairs(entries, more)
        if isinstance(value, Items) and changes:
            elements = list(value.elements)
            more = value.more
            for change in changes:
                arguments = change.node.args
                if change.node.func.attr in ("append", "add", "insert") and arguments:
                    elements.append(Deferred(arguments[-1], change.site))
                    continue
                for argument in arguments[:1]:
                    for part, _ in self._evaluator.evaluate(argument, change.site):
                        if isinstance(part, Items):
                            elements += part.elements
                            more = more or part.more
                        else:
                            more = True
            return Items(elements, more)
        return value

    def call_sites(self, name: str) -> list[tuple[ast.Call, Site]]:
        """The calls of a function or method of this name, in all cells."""
        known = self._sites.get(name)
        if known is None:
            known = []
            for call, site in self._program.calls_of(name):
                is_mapped = getattr(call.func, "attr", name) != name
                if is_mapped or not self._is_of_library(call.func, site):
                    known.append((call, site))
                if len(known) >= _MAX_SITES:
                    break
            self._sites[name] = known
        return known

    def _is_of_library(self, function: ast.expr, site: Site) -> bool:
        """Whether what is called is an attribute of something imported, as `torch.hub.load`."""
        if not isinstance(function, ast.Attribute):
            return False
        root: ast.expr = function
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name):
            return False
        found = self.reaching(root.id, site, root)
        return bool(found) and all(binding.kind == "import" for binding, _ in found)

    def _parameter(self, binding: Binding, name: str) -> list[Alternative]:
        scope = binding.site.scope
        node: Any = scope.node
        unknown: Alternative = (LOCAL if LOCAL_PARAMETER.search(name) else UNKNOWN, {})
        positional = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
        default = default_of(node, name, positional)
        outside = Site(scope.parent or self._program.module, binding.site.cell)
        fallback = self._evaluator.evaluate(default, outside) if default is not None else None
        if isinstance(node, ast.Lambda):
            return fallback or [unknown]
        parent = scope.parent
        called = node.name
        if parent is not None and parent.kind == "class" and not is_static(node):
            if positional and positional[0] == name:
                return [self._instance(parent)]
            positional = positional[1:]
            if called in ("__init__", "__new__"):
                called = getattr(parent.node, "name", called)
        sites = self.call_sites(called)
        if not sites:
            return fallback or self._annotated(node, name, outside) or [unknown]
        found: list[Alternative] = []
        if len(sites) >= _MAX_SITES:
            found.append((CUT, {}))
        for n, (call, site) in enumerate(sites):
            if not self._evaluator.step():
                return [unknown]
            for value, choices in self._argument(call, site, name, positional, fallback, node):
                if value is UNKNOWN and unknown[0] is LOCAL:
                    value = LOCAL
                found.append((value, {**choices, id(node): n}))
        if all(value in (UNKNOWN, OPAQUE) or isinstance(value, Made) for value, _ in found):
            return self._annotated(node, name, outside) or found
        return found

    def _annotated(self, node: Any, name: str, site: Site) -> list[Alternative]:
        """An object of the notebook's class that a parameter is annotated with."""
        for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
            if argument.arg == name and isinstance(argument.annotation, ast.Name):
                return [
                    (Instance(value), {})
                    for value, _ in self._evaluator.evaluate(argument.annotation, site)
                    if isinstance(value, Class)
                ]
        return []

    def _instance(self, scope: Scope) -> Alternative:
        of = Class(scope.node, Site(scope.parent or self._program.module, 0))  # type: ignore[arg-type]
        return (Instance(of), {})

    def _argument(
        self,
        call: ast.Call,
        site: Site,
        name: str,
        positional: list[str],
        fallback: list[Alternative] | None,
        node: Any,
    ) -> list[Alternative]:
        function = call.func
        called = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
        if called in MAPS and node.name != called:
            if not positional or positional[0] != name or len(call.args) < 2:
                return fallback or [(UNKNOWN, {})]
            values = self._evaluator.evaluate(call.args[1], site)
            return [part for value, _ in values for part in self._evaluator.each(value, id(call))]
        for keyword in call.keywords:
            if keyword.arg == name:
                return self._evaluator.evaluate(keyword.value, site)
        if name in positional:
            place = positional.index(name)
            for n, argument in enumerate(call.args[: place + 1]):
                if isinstance(argument, ast.Starred):
                    return self._spread(argument.value, place - n, site)
            if place < len(call.args):
                return self._evaluator.evaluate(call.args[place], site)
        for keyword in call.keywords:
            if keyword.arg is None:
                found = []
                for value, choices in self._evaluator.evaluate(keyword.value, site):
                    found += [
                        (part, {**choices, **own})
                        for part, own in self._evaluator.item(value, name)
                    ]
                known = [part for part in found if part[0] is not UNKNOWN]
                return known or fallback or [(UNKNOWN, {})]
        return fallback or [(UNKNOWN, {})]

    def _spread(self, node: ast.expr, place: int, site: Site) -> list[Alternative]:
        """What ``*node`` gives at a place."""
        return [
            (part, {**choices, **own})
            for value, choices in self._evaluator.evaluate(node, site)
            for part, own in self._evaluator.item(value, place)
        ]

    def returned(self, value: Any, call: ast.Call, site: Site) -> list[Alternative] | None:
        """What a function of the notebook returns to `call`; None for any other value."""
        if not isinstance(value, Function):
            return None
        node = value.node
        scope: Scope | None = getattr(node, "hubdoi_scope", None)
        if scope is None:
            return None
        returns = returns_of(node)
        if returns is None or not returns:
            return [(OPAQUE, {})]
        sites = self.call_sites(node.name)
        here = next((n for n, (known, _) in enumerate(sites) if known is call), None)
        found: list[Alternative] = []
        fork = id(node)
        for given, branches in returns:
            inside = Site(scope, value.site.cell, branches)
            for part, choices in self._evaluator.evaluate(given, inside):
                if here is not None and choices.get(fork, here) != here:
                    continue
                found.append((part, {k: v for k, v in choices.items() if k != fork}))
        return found or [(UNKNOWN, {})]

    def attribute(self, node: ast.Attribute, site: Site) -> list[Alternative]:
        owner = dotted_text(node.value)
        assigned = self._assigned(owner, node, site) if owner and owner != "self" else None
        if assigned:
            return assigned
        found: list[Alternative] = []
        for base, choices in self._evaluator.evaluate(node.value, site):
            for value, own in self._of(base, node.attr):
                found.append((value, {**choices, **own}))
        return found or [(UNKNOWN, {})]

    def _assigned(self, owner: str, node: ast.Attribute, site: Site) -> list[Alternative] | None:
        """What statements ``object.attribute = …`` give; None when there are none."""
        self._program.need(node.attr)
        return self._reached(self._program.attributes.get(node.attr, ()), owner, node, site)

    def _reached(
        self, bound: Sequence[tuple[Any, Binding]], key: Any, node: ast.AST, site: Site
    ) -> list[Alternative] | None:
        """What the bindings of an object, or of a constant key, give to `node`; None without one."""
        number, groups = self._groups.get(id(bound), (0, {}))
        if number != len(bound):
            groups = {}
            for one, binding in sorted(bound, key=lambda pair: position(pair[1])):
                if not isinstance(one, ast.expr) or isinstance(one, ast.Constant):
                    bindings, scopes = groups.setdefault(getattr(one, "value", one), ([], set()))
                    bindings.append(binding)
                    scopes.add(binding.site.scope)
            self._groups[id(bound)] = (len(bound), groups)
        bindings, scopes = groups.get(key, ([], set()))
        found = reaching(bindings, site, node, scopes == {site.scope})
        parts = [self._bound(b, "") for b, _ in found if not b.holds(node, site)]
        return [part for values in parts for part in values] if parts else None

    def _of(self, base: Any, name: str) -> list[Alternative]:
        if isinstance(base, Module):
            return [(Module(f"{base.dotted}.{name}"), {})]
        if isinstance(base, Settings):
            entry = base.entries.get(name)
            return self._evaluator.forced(entry) if entry else [(UNKNOWN, {})]
        if isinstance(base, Made):
            for keyword in base.call.keywords:
                if keyword.arg == name:
                    return self._evaluator.evaluate(keyword.value, base.site)
            return [(OPAQUE, {})]
        if isinstance(base, Table):
            return self._evaluator.entry(base, name)
        if name == "values" and isinstance(base, Items):
            return [(base, {})]
        if isinstance(base, Instance):
            if name == "__dict__":
                return [(self.pairs_of(base), {})]
            given = self._given(base, name)
            return given or self._of_class(base.of, name, set()) or [(OPAQUE, {})]
        if isinstance(base, Class):
            return self._of_class(base, name, set()) or [(OPAQUE, {})]
        return [(base if isinstance(base, Marker) else OPAQUE, {})]

    def _given(self, instance: Instance, name: str) -> list[Alternative] | None:
        """The argument that a data class was made with."""
        if instance.call is None:
            return None
        for keyword in instance.call.keywords:
            if keyword.arg == name:
                return self._evaluator.evaluate(keyword.value, instance.site)
        fields = fields_of(instance.of.node)
        if name in fields and fields.index(name) < len(instance.call.args):
            return self._evaluator.evaluate(instance.call.args[fields.index(name)], instance.site)
        return None

    def item_of(self, instance: Instance, key: int | str) -> list[Alternative]:
        """``object[key]`` of a named tuple, or of an object that is read as a dictionary."""
        if isinstance(key, str):
            return self._of(instance, key)
        fields = fields_of(instance.of.node)
        return self._of(instance, fields[key]) if 0 <= key < len(fields) else [(UNKNOWN, {})]

    def pairs_of(self, instance: Instance) -> Pairs:
        """The fields of a data class's object as a dictionary, as `vars` and `asdict` give them."""
        site = Site(
            getattr(instance.of.node, "hubdoi_scope", self._program.module), instance.of.site.cell
        )
        entries: dict[str, Deferred] = {}
        for part in instance.of.node.body:
            if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
                value = Deferred(part.value, site) if part.value else Deferred(None, value=UNKNOWN)
                entries[part.target.id] = value
        if instance.call is not None:
            for field, argument in zip(entries, instance.call.args, strict=False):
                entries[field] = Deferred(argument, instance.site)
            for keyword in instance.call.keywords:
                if keyword.arg is not None:
                    entries[keyword.arg] = Deferred(keyword.value, instance.site)
        return Pairs.named(entries)

    def _of_class(self, of: Class, name: str, seen: set[int]) -> list[Alternative]:
        """The class's attribute, and what its methods assign to it; `seen` are those looked at."""
        self._program.need(name)
        assigned = self._program.attributes.get(name, ())
        if id(of.node) in seen or not self._evaluator.step(len(assigned)):
            return []
        seen.add(id(of.node))
        scope: Scope | None = getattr(of.node, "hubdoi_scope", None)
        found: list[Alternative] = []
        for owner, binding in assigned:
            if owner in ("self", "cls") and _class_of(binding.site.scope) is of.node:
                found += self._stepped(binding)
        if found:
            return found
        if scope is not None and name in scope.bindings:
            for binding in scope.bindings[name]:
                found += self._bound(binding, name)
            return found
        for parent in of.node.bases:
            for value, _ in self._evaluator.evaluate(parent, of.site):
                if isinstance(value, Class):
                    found += self._of_class(value, name, seen)
        return found

    def stored_item(self, node: ast.Subscript, site: Site) -> list[Alternative]:
        """What statements ``object[key] = …`` give for a constant key; nothing without them."""
        owner = dotted_text(node.value)
        stored = self._program.items.get(owner) if owner else None
        if not stored or not isinstance(node.slice, ast.Constant):
            return []
        return self._reached(stored, node.slice.value, node, site) or []


def _class_of(scope: Scope | None) -> ast.AST | None:
    while scope is not None:
        if scope.kind == "class":
            return scope.node
        scope = scope.parent
    return None

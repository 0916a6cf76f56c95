"""Which bindings of a name can reach the place that uses it."""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Sequence

from .binding import Binding, Site

_MAX_BINDINGS = 32
# Bindings in branches that exclude the use: so many are passed over on the way to those.
_MAX_PASSED = 64


def reaching(
    bindings: Sequence[Binding], site: Site, node: ast.AST, inline: bool
) -> list[tuple[Binding, dict[int, int]]]:
    """The bindings that can reach `node`: the nearest before it, and those in branches on the way.

    From another scope every binding can. Where none stands before, those after count: cells are
    not always run in their order.
    """
    if len(bindings) == 1:
        return [(bindings[0], {})]
    use = (site.cell, getattr(node, "lineno", 0), getattr(node, "col_offset", 0))
    branches = site.branches
    found: list[Binding] = []
    if inline:
        # none that begins after the line of the use can stand before it
        last = bisect_right(bindings, use[:2], key=position)
        for place in range(last - 1, max(-1, last - 1 - _MAX_PASSED), -1):
            binding = bindings[place]
            other = binding.site.branches
            if _excluded(other, branches) or not _before(binding, use, branches):
                continue
            found.append(binding)
            if binding.kind != "change" and other == branches[: len(other)]:
                break
            if len(found) >= _MAX_BINDINGS:
                if place:
                    found.append(_cut(site))
                break
        else:
            if last > _MAX_PASSED:
                found.append(_cut(site))
        found.reverse()
    if not any(binding.kind not in ("change", "cut") for binding in found):
        near = bindings[-_MAX_PASSED:]
        found = [b for b in near if not (inline and _excluded(b.site.branches, branches))]
        if len(found) > _MAX_BINDINGS or len(bindings) > _MAX_PASSED:
            found = [_cut(site), *found[-_MAX_BINDINGS:]]
    return [(binding, _forks(binding.site.branches, branches)) for binding in found]


def _cut(site: Site) -> Binding:
    """Stands for the bindings that are too many to be followed."""
    return Binding("cut", None, site, 0)


def position(binding: Binding) -> tuple[int, int]:
    """The order of bindings: by cell and line."""
    return (binding.site.cell, binding.line)


def _before(
    binding: Binding, use: tuple[int, int, int], branches: tuple[tuple[int, int], ...]
) -> bool:
    if binding.steps and binding.steps[0][0] == "each" and binding.site.branches:
        loop = binding.site.branches[-1]
        if loop in branches:
            return True
    return (binding.site.cell, *binding.end) <= use


def _excluded(first: tuple[tuple[int, int], ...], second: tuple[tuple[int, int], ...]) -> bool:
    for one, other in zip(first, second, strict=False):
        if one != other:
            return one[0] == other[0] and one[0] > 0
    return False


def _forks(
    inner: tuple[tuple[int, int], ...], outer: tuple[tuple[int, int], ...]
) -> dict[int, int]:
    """The branches that a binding stands in and its use does not; loops are no fork."""
    if not inner or inner == outer[: len(inner)]:
        return {}
    return {fork: way for fork, way in inner if fork > 0 and (fork, way) not in outer}

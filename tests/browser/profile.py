"""Where a page spends its time: long tasks, and the part of them that is our extension's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page

__all__ = ["Measured", "measured"]

SAMPLE = 500
"""Microseconds between two looks at the stack."""

OBSERVE = """() => {
  window.longTasks = [];
  window.observer?.disconnect();
  window.observer = new PerformanceObserver(list => longTasks.push(...list.getEntries().map(one => one.duration)));
  window.observer.observe({ type: "longtask" });
}"""
TAKE = "() => [...longTasks, ...window.observer.takeRecords().map(one => one.duration)]"


@dataclass
class Measured:
    """Milliseconds: the browser's long tasks, and each stretch in which a function of ours, or
    one that it called, ran without a break."""

    long_tasks: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        longest = max(self.long_tasks, default=0)
        return (
            f"{len(self.long_tasks)} long tasks, the longest {longest:.0f} ms; our functions ran "
            f"{sum(self.ours):.0f} ms in all, at most {max(self.ours, default=0):.1f} ms at once"
        )


@contextmanager
def measured(page: Page, script: str) -> Iterator[Measured]:
    """Measure what happens meanwhile; ours are the functions of scripts with `script` in their URL."""
    found = Measured()
    session = page.context.new_cdp_session(page)
    session.send("Profiler.enable")
    session.send("Profiler.setSamplingInterval", {"interval": SAMPLE})
    page.evaluate(OBSERVE)
    session.send("Profiler.start")
    yield found
    profile = session.send("Profiler.stop")["profile"]
    found.long_tasks = page.evaluate(TAKE)
    found.ours = _stretches(profile, script)
    session.detach()


def _stretches(profile: dict[str, Any], script: str) -> list[float]:
    ours: set[int] = set()
    # A node comes before its children.
    for node in profile["nodes"]:
        if node["id"] in ours or script in node["callFrame"]["url"]:
            ours |= {node["id"], *node.get("children", ())}
    found: list[float] = []
    before = False
    for sample, delta in zip(profile["samples"], profile["timeDeltas"], strict=True):
        if before:
            # The time since the look before belongs to what was seen then.
            found[-1] += delta / 1000
        now = sample in ours
        if now and not before:
            found.append(0.0)
        before = now
    return found

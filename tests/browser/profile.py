"""Where a page spends its time: long tasks and frames, and the part of them that is our extension's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page

__all__ = ["Measured", "draws", "measured"]

SAMPLE = 500
"""Microseconds between two looks at the stack."""

OBSERVE = """script => {
  window.observers?.forEach(one => one.disconnect());
  const read = one => {
    const ours = (one.scripts ?? []).filter(part => part.sourceURL.includes(script));
    return {
      duration: one.duration,
      ours: ours.reduce((sum, part) => sum + part.duration, 0),
      render: ours.length && one.renderStart ? one.startTime + one.duration - one.renderStart : 0,
    };
  };
  window.slow = { "longtask": [], "long-animation-frame": [] };
  window.observers = Object.keys(slow).map(type => {
    const note = entries => slow[type].push(...entries.map(read));
    const observer = new PerformanceObserver(list => note(list.getEntries()));
    observer.observe({ type });
    return { disconnect: () => { note(observer.takeRecords()); observer.disconnect(); } };
  });
}"""
TAKE = "() => { observers.forEach(one => one.disconnect()); observers = []; return slow; }"
DRAW = """async () => {
  const draws = [];
  for (let n = 0; n < 20; n++) {
    document.body.offsetHeight;
    const start = performance.now();
    document.querySelectorAll(".hubdoi-lab-filter")[n % 2].click();
    document.body.offsetHeight;
    draws.push(performance.now() - start);
    await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  }
  return draws;
}"""


@dataclass
class Measured:
    """Milliseconds: the browser's long tasks and frames, and each stretch in which a function of
    ours, or one that it called, ran without a break.

    `drawn` is of each long frame in which a script of ours ran: that script, and the style, layout
    and paint of the whole frame, whoever they were for.
    """

    long_tasks: list[float] = field(default_factory=list)
    frames: list[float] = field(default_factory=list)
    drawn: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{_words(self.long_tasks)} long tasks; {_words(self.frames)} long frames, "
            f"{_words(self.drawn)} with ours; our functions ran {sum(self.ours):.0f} ms in all, "
            f"at most {max(self.ours, default=0):.1f} ms at once"
        )


def _words(times: list[float]) -> str:
    return f"{len(times)} (up to {max(times, default=0):.0f} ms)"


@contextmanager
def measured(page: Page, script: str) -> Iterator[Measured]:
    """Measure what happens meanwhile; ours are the functions of scripts with `script` in their URL."""
    found = Measured()
    session = page.context.new_cdp_session(page)
    session.send("Profiler.enable")
    session.send("Profiler.setSamplingInterval", {"interval": SAMPLE})
    page.evaluate(OBSERVE, script)
    session.send("Profiler.start")
    yield found
    profile = session.send("Profiler.stop")["profile"]
    slow = page.evaluate(TAKE)
    found.long_tasks = [one["duration"] for one in slow["longtask"]]
    frames = slow["long-animation-frame"]
    found.frames = [one["duration"] for one in frames]
    found.drawn = [one["ours"] + one["render"] for one in frames if one["ours"]]
    found.ours = _stretches(profile, script)
    session.detach()


def draws(page: Page) -> list[float]:
    """How long the side panel takes to draw anew, with the style and layout that follow, when the
    page has nothing else to do."""
    return list(page.evaluate(DRAW))


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

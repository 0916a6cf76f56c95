"""How every benchmark is measured: in turn with its peer, and more than once."""

from __future__ import annotations

import gc
import json
import operator
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

__all__ = [
    "PEER_PYTHON",
    "RUNS",
    "Result",
    "Served",
    "in_turn",
    "peer_version",
    "served",
    "timed",
    "timed_process",
]

HERE = Path(__file__).parent
ROOT = HERE.parent
PEER_PYTHON = HERE / ".peers" / "bin" / "python"
HUBDOI = Path(sys.executable).with_name("hubdoi")
RUNS = 9

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {"<=": operator.le, ">=": operator.ge}


@dataclass(frozen=True)
class Result:
    """One measured value; `bound` reads like ``<= 1.2``; `detail` says what is behind the value."""

    name: str
    value: float
    unit: str
    bound: str
    peer: str
    detail: str = ""

    @property
    def holds(self) -> bool:
        comparison, _, limit = self.bound.partition(" ")
        return _COMPARISONS[comparison](self.value, float(limit))

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": float(f"{self.value:.4g}"),
            "unit": self.unit,
            "bound": self.bound,
            "holds": self.holds,
            "peer": self.peer,
        }


@dataclass(frozen=True)
class Comparison:
    """Seconds of both sides, run by run."""

    ours: list[float]
    theirs: list[float]

    @property
    def ratio(self) -> float:
        """The median of the ratios of each pair: what slows the machine down slows both."""
        return median(a / b for a, b in zip(self.ours, self.theirs, strict=True))

    @property
    def detail(self) -> str:
        return f"{_seconds(median(self.ours))} against {_seconds(median(self.theirs))}"


def in_turn(
    ours: Callable[[], float | None],
    theirs: Callable[[], float | None],
    *,
    runs: int = RUNS,
    warm_up: int = 1,
) -> Comparison:
    """Run both in turn, A B A B; a function that returns seconds has measured them itself."""
    for _ in range(warm_up):
        ours()
        theirs()
    a, b = [], []
    for _ in range(runs):
        a.append(timed(ours))
        b.append(timed(theirs))
    return Comparison(a, b)


def timed(work: Callable[[], float | None]) -> float:
    """Seconds that `work` took, by its own account if it returns them."""
    gc.collect()
    start = perf_counter()
    measured = work()
    return perf_counter() - start if measured is None else measured


def timed_process(command: list[str], *, expect: str, env: Mapping[str, str]) -> float:
    """Seconds of a whole process, which must succeed and print `expect`."""
    start = perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=dict(env), check=False)
    taken = perf_counter() - start
    if done.returncode or expect.lower() not in done.stdout.lower():
        raise RuntimeError(f"{command[0]} failed: {done.stdout[-500:]}{done.stderr[-2000:]}")
    return taken


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    """An environment without anybody's settings, whose home is `home`."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        # A peer that would report home measures its network otherwise, not its speed.
        "PLOOMBER_STATS_ENABLED": "false",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        **more,
    }


@dataclass(frozen=True)
class Served:
    """A sandbox in a process of its own."""

    endpoint: str
    datacite: str
    users: Mapping[str, str]
    data: Path
    pid: int


@contextmanager
def served(data: Path | None = None, *arguments: str) -> Iterator[Served]:
    """A sandbox that serves `data`, or a new directory; it ends with the block."""
    with tempfile.TemporaryDirectory(prefix="hubdoi-bench-") as made:
        directory = data or Path(made) / "sandbox"
        process = subprocess.Popen(
            [str(HUBDOI), "sandbox", "serve", "--data", str(directory), *arguments],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "XDG_STATE_HOME": made},
        )
        try:
            assert process.stdout is not None
            said = json.loads(process.stdout.readline())
            yield Served(said["endpoint"], said["datacite"], said["users"], directory, process.pid)
        finally:
            process.terminate()
            process.wait(timeout=30)


def peer_version(package: str, python: Path | str = PEER_PYTHON) -> str:
    """``jupysql 0.11.1``."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True)
    return f"{package} {done.stdout.strip()}"


def _seconds(value: float) -> str:
    if value < 1e-3:
        return f"{value * 1e6:.0f} µs"
    return f"{value * 1e3:.3g} ms" if value < 1 else f"{value:.3g} s"

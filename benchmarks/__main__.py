"""``make bench``: every benchmark, a table, and ``results.json``."""

from __future__ import annotations

import json
import os
import platform
import sys
from importlib import import_module
from pathlib import Path

from .harness import HERE, Result

BENCHMARKS = (
    "load cold warm many bibtex bibfile styles mint scale large folder scan uses record gateway soak"
).split()


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(
            f"{unknown[0]!r} is not a benchmark; they are {', '.join(BENCHMARKS)}.", file=sys.stderr
        )
        return 2
    results: list[Result] = []
    for name in names or BENCHMARKS:
        print(f"Measuring {name} …", file=sys.stderr, flush=True)
        results += import_module(f"benchmarks.{name}").measure()
    print(table(results))
    if not names:
        path = HERE / "results.json"
        path.write_text(
            json.dumps([result.to_json() for result in results], indent=2) + "\n", encoding="utf-8"
        )
        _note_machine(results)
    return 0


def table(results: list[Result]) -> str:
    """The results as a table in Markdown."""
    lines = ["| name | value | bound | holds | peer | behind it |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {r.name} | {r.value:.3g} {r.unit if r.unit != 'ratio' else ''}".rstrip()
        + f" | {r.bound} | {'yes' if r.holds else '**no**'} | {r.peer} | {r.detail} |"
        for r in results
    ]
    return "\n".join(lines)


def machine() -> str:
    """What it was measured on."""
    model = platform.processor() or platform.machine()
    for line in (
        Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ()
    ):
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    system = f"{platform.system()} {platform.release()}"
    busy = os.getloadavg()[0]
    return f"{model}, {os.cpu_count()} cores, {system}, Python {platform.python_version()}; load average at the end {busy:.1f}."


def _note_machine(results: list[Result]) -> None:
    """Put the table and the machine between their marks in the README."""
    path = HERE / "README.md"
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition("<!-- results -->\n")
    _, end, after = rest.partition("<!-- end of results -->")
    if begin and end:
        made = f"{table(results)}\n\n{machine()}\n"
        path.write_text(before + begin + made + end + after, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

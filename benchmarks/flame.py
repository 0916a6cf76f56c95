"""Where the time of one benchmark goes: ``make profile NAME=load`` opens a flame graph."""

from __future__ import annotations

import sys
import webbrowser
from importlib import import_module
from pathlib import Path

from pyinstrument import Profiler

BENCHMARKS = "load cold warm many bibtex styles mint scale scan gateway".split()


def main(name: str) -> int:
    if name not in BENCHMARKS:
        print(f"{name!r} is not a benchmark; it is one of {', '.join(BENCHMARKS)}.")
        return 2
    folder = Path(__file__).parent / ".profiles"
    folder.mkdir(exist_ok=True)
    profiler = Profiler(interval=0.0002)
    with import_module(f"benchmarks.{name}").subject() as work, profiler:
        work()
    page = folder / f"{name}.html"
    page.write_text(profiler.output_html(), encoding="utf-8")
    print(profiler.output_text(unicode=True, show_all=False))
    print(f"The flame graph: {page}")
    webbrowser.open(page.as_uri())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))

"""``%load_ext hubdoi`` in a running IPython, against ``%load_ext sql`` of jupysql."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .harness import PEER_PYTHON, Result, clean_environment, in_turn, peer_version

_CODE = """
import sys
from time import perf_counter
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("1 + 1", silent=True)
start = perf_counter()
shell.run_line_magic("load_ext", sys.argv[1])
print(perf_counter() - start)
"""


def _load(python: str, extension: str, home: Path) -> float:
    done = subprocess.run(
        [python, "-c", _CODE, extension],
        capture_output=True,
        text=True,
        check=True,
        env=clean_environment(home),
    )
    return float(done.stdout.splitlines()[-1])


def measure() -> list[Result]:
    with tempfile.TemporaryDirectory() as home:
        compared = in_turn(
            lambda: _load(sys.executable, "hubdoi", Path(home)),
            lambda: _load(str(PEER_PYTHON), "sql", Path(home)),
            # It is far from its bound, and part of `make test`.
            runs=5,
        )
    return [
        Result("load", compared.ratio, "ratio", "<= 0.05", peer_version("jupysql"), compared.detail)
    ]


@contextmanager
def subject() -> Iterator[Callable[[], object]]:
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    shell.run_cell("1 + 1", silent=True)
    yield lambda: shell.run_line_magic("load_ext", "hubdoi")

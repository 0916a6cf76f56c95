"""``%doi cite REPO`` the second time in a kernel, against the first."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from .cold import mint
from .harness import RUNS, Comparison, Result, clean_environment, served

# The shell of a kernel formats a result for every kind of front end, as this one does.
_CODE = """
import json, sys
from time import perf_counter
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.displayhook.write_output_prompt = shell.displayhook.write_format_data = lambda *a, **k: None
shell.run_cell("%load_ext hubdoi", silent=True)
taken = []
for _ in range(10):
    start = perf_counter()
    result = shell.run_cell(sys.argv[1], store_history=True)
    taken.append(perf_counter() - start)
    assert result.success and "10.5072/hf/0001" in str(result.result), result
print(json.dumps(taken), file=sys.stderr)
"""


def measure() -> list[Result]:
    first, second, later = [], [], []
    with served() as sandbox, tempfile.TemporaryDirectory() as home:
        mint(sandbox.endpoint, sandbox.users["ada"])
        for number in range(RUNS + 1):
            done = subprocess.run(
                [sys.executable, "-c", _CODE, "%doi cite ada/tiny-bert"],
                capture_output=True,
                text=True,
                env=clean_environment(
                    Path(home),
                    HUBDOI_ENDPOINT=sandbox.endpoint,
                    HF_TOKEN=sandbox.users["ada"],
                    HUBDOI_CACHE=str(Path(home) / f"cache-{number}"),
                ),
                check=False,
            )
            if done.returncode:
                raise RuntimeError(done.stderr[-2000:])
            taken = json.loads(done.stderr.splitlines()[-1])
            if number:
                first.append(taken[0])
                second.append(taken[1])
                later.append(median(taken[2:]))
    compared = Comparison(second, first)
    detail = f"{compared.detail}; after that {median(later) * 1e3:.1f} ms"
    return [Result("warm", compared.ratio, "ratio", "<= 0.02", "the first time", detail)]


@contextmanager
def subject() -> Iterator[Callable[[], object]]:
    from IPython.core.interactiveshell import InteractiveShell

    with served() as sandbox, tempfile.TemporaryDirectory() as cache:
        mint(sandbox.endpoint, sandbox.users["ada"])
        os.environ.update(
            HUBDOI_ENDPOINT=sandbox.endpoint,
            HF_TOKEN=sandbox.users["ada"],
            HUBDOI_CACHE=cache,
        )
        shell = InteractiveShell.instance()
        shell.run_line_magic("load_ext", "hubdoi")
        shell.run_line_magic("doi", "cite ada/tiny-bert")

        def again() -> None:
            for _ in range(200):
                shell.run_line_magic("doi", "cite ada/tiny-bert")

        yield again

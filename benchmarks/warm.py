"""``%doi cite REPO`` in a kernel that has cited it before, against the one request that it makes.

The older row, the second time against the first, stays for one release: the faster the first time
became, the worse it looked.
"""

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

# The same request, bare, over a connection that is kept as well; in turn with the magic.
import httpx, os
bare = httpx.Client(headers={"Authorization": f"Bearer {os.environ['HF_TOKEN']}"})
url = f"{os.environ['HUBDOI_ENDPOINT']}/api/models/ada/tiny-bert/doi"
pairs = []
for _ in range(31):
    start = perf_counter()
    shell.display_formatter.format(shell.run_line_magic("doi", sys.argv[1].removeprefix("%doi ")))
    between = perf_counter()
    bare.get(url).raise_for_status().json()
    pairs.append((between - start, perf_counter() - between))
print(json.dumps([taken, pairs[1:]]), file=sys.stderr)
"""


def measure() -> list[Result]:
    first, second, later, ours, bare = [], [], [], [], []
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
            taken, pairs = json.loads(done.stderr.splitlines()[-1])
            if number:
                ours += [pair[0] for pair in pairs]
                bare += [pair[1] for pair in pairs]
                first.append(taken[0])
                second.append(taken[1])
                later.append(median(taken[2:]))
    against_get = Comparison(ours, bare)
    replaced = Comparison(second, first)
    detail = f"{replaced.detail}; after that {median(later) * 1e3:.1f} ms"
    return [
        Result("warm", against_get.ratio, "ratio", "<= 1.5", "httpx GET", against_get.detail),
        Result(
            "warm-second", replaced.ratio, "ratio", "<= 0.02", "replaced: the first time", detail
        ),
    ]


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

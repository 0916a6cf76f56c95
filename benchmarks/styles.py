"""200 versions in APA, against one pandoc call on the same CSL JSON."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from .harness import Result, in_turn, timed
from .made import versions

COUNT = 200


def measure() -> list[Result]:
    import pypandoc

    from hubdoi.citation import cite
    from hubdoi.citation.styles import find_style

    pandoc, style = pypandoc.get_pandoc_path(), str(find_style("apa"))
    # hubdoi remembers what it has rendered: every run gets versions that it has not seen.
    ours_next, theirs_next = count(), count()

    def theirs(items: str) -> None:
        command = [
            pandoc,
            "--from=csljson",
            "--to=plain",
            "--citeproc",
            f"--csl={style}",
            "--wrap=none",
        ]
        done = subprocess.run(command, input=items.encode(), capture_output=True, check=True)
        assert done.stdout.decode().count("https://doi.org/") == COUNT

    def our_run() -> float:
        made = list(versions(COUNT, COUNT * next(ours_next)))
        rendered: list[str] = []
        taken = timed(lambda: rendered.append(str(cite(made, style="apa"))))
        assert rendered[0].count("https://doi.org/") == COUNT
        return taken

    def their_run() -> float:
        made = list(versions(COUNT, COUNT * next(theirs_next)))
        items = str(cite(made, "csl-json"))
        return timed(lambda: theirs(items))

    compared = in_turn(our_run, their_run, runs=9)
    said = subprocess.run([pandoc, "--version"], capture_output=True, text=True, check=True)
    peer = said.stdout.splitlines()[0]
    return [Result("styles", compared.ratio, "ratio", "<= 1.2", peer, compared.detail)]


@contextmanager
def subject() -> Iterator[Callable[[], object]]:
    from hubdoi.citation import cite

    made = list(versions(COUNT))
    yield lambda: cite(made, style="apa")

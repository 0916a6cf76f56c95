"""``hubdoi bib`` on a file of 50,000 entries, against bibtexparser reading it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .harness import Result, in_turn, peer_version
from .made import versions

COUNT = 50_000
GIVEN = 20


def _file(folder: Path) -> tuple[Path, str]:
    """A file in which every tenth entry is hubdoi's, the others somebody else's."""
    from hubdoi.bibliography.bibfile import BibFile
    from hubdoi.citation import cite

    made = list(versions(COUNT))
    theirs = [version for number, version in enumerate(made) if number % 10]
    path = folder / "refs.bib"
    path.write_text(str(cite(theirs)) + "\n", encoding="utf-8")
    BibFile.read(path).updated(made[::10]).write()
    return path, path.read_text(encoding="utf-8")


def measure() -> list[Result]:
    import bibtexparser

    from hubdoi.bibliography.bibfile import BibFile

    with tempfile.TemporaryDirectory(prefix="hubdoi-bench-") as made:
        path, text = _file(Path(made))
        # Ten works that have an entry of hubdoi, with another title, and ten that have none.
        known = [version.replace(title="Other") for version in list(versions(100))[::10]]
        given = [*known, *versions(GIVEN - len(known), start=COUNT)]

        def ours() -> None:
            path.write_text(text, encoding="utf-8")
            file = BibFile.read(path).updated(given).write()
            assert (len(file.added), len(file.changed)) == (GIVEN - len(known), len(known))

        def theirs() -> None:
            # The raw fields alone, its fastest way: neither strings nor months are resolved.
            library = bibtexparser.parse_string(path.read_text(encoding="utf-8"), parse_stack=[])
            assert len(library.entries) >= COUNT and not library.failed_blocks

        compared = in_turn(ours, theirs, runs=7)
    peer = f"{peer_version('bibtexparser', sys.executable)} reading it"
    return [Result("bibfile", compared.ratio, "ratio", "<= 1.5", peer, compared.detail)]


@contextmanager
def subject() -> Iterator[Callable[[], object]]:
    from hubdoi.bibliography.bibfile import BibFile

    with tempfile.TemporaryDirectory(prefix="hubdoi-bench-") as made:
        path, _ = _file(Path(made))
        given = list(versions(GIVEN, start=COUNT))
        yield lambda: BibFile.read(path).updated(given).diff()

"""10,000 versions to BibTeX, against bibtexparser writing the same entries."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .harness import Result, in_turn, peer_version, timed
from .made import versions

COUNT = 10_000


def measure() -> list[Result]:
    import bibtexparser
    from bibtexparser.middlewares import default_unparse_stack

    from hubdoi.citation import cite

    made = list(versions(COUNT))
    text = str(cite(made))

    def ours() -> None:
        assert str(cite(made)) == text

    def theirs() -> float:
        # The peer gets the fields with every letter escaped already, and writes in place, as it
        # recommends for large libraries.
        library = bibtexparser.parse_string(text)
        assert len(library.entries) == COUNT and not library.failed_blocks
        stack = default_unparse_stack(allow_inplace_modification=True)
        written: list[str] = []
        taken = timed(
            lambda: written.append(bibtexparser.write_string(library, unparse_stack=stack))
        )
        assert written[0].count("@misc{") == COUNT
        return taken

    compared = in_turn(ours, theirs, runs=7)
    peer = peer_version("bibtexparser", sys.executable)
    return [Result("bibtex", compared.ratio, "ratio", "<= 1.3", peer, compared.detail)]


@contextmanager
def subject() -> Iterator[Callable[[], object]]:
    from hubdoi.citation import cite

    made = list(versions(COUNT))
    cite(made[:10])
    yield lambda: cite(made)

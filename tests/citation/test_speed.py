"""Ten thousand versions, against the library that writes .bib files."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

import bibtexparser
from bibtexparser.middlewares import default_unparse_stack

from hubdoi.citation import cite
from hubdoi.records import Author, Doi, Repo, Version


def test_bibtex_takes_no_more_than_twice_what_bibtexparser_needs(
    make: Callable[..., Version],
) -> None:
    authors = (Author.person("Lovelace, Ada"), Author.person("Zola, Émile"), Author("A & B"))
    versions = [
        make(
            number,
            doi=Doi(f"10.5072/hf/{number:05d}"),
            authors=authors,
            repo=Repo("model", f"a/m_{number}"),
        )
        for number in range(10_000)
    ]
    text, ours = "", float("inf")
    for _ in range(3):
        start = process_time()
        text = str(cite(versions))
        ours = min(ours, process_time() - start)
    library = bibtexparser.parse_string(text, parse_stack=[])
    assert len(library.entries) == 10_000
    theirs = float("inf")
    for _ in range(3):
        start = process_time()
        bibtexparser.write_string(
            library, unparse_stack=default_unparse_stack(allow_inplace_modification=True)
        )
        theirs = min(theirs, process_time() - start)
    assert ours <= 2 * theirs, f"{ours:.2f} s against {theirs:.2f} s"

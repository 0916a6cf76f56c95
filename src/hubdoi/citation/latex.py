"""A ``\\bibitem`` for a LaTeX document that has no .bib file."""

from __future__ import annotations

from collections.abc import Sequence

from ..records import Version
from ..records.link import link_of
from .keys import keys_of
from .latex_text import latex_text
from .text import parts


def write(versions: Sequence[Version]) -> str:
    r"""One ``\bibitem`` a version, for a ``thebibliography`` environment; it needs no package."""
    keys = keys_of(versions)
    return "\n\n".join(_item(version, key) for version, key in zip(versions, keys, strict=True))


def _item(version: Version, key: str) -> str:
    words = latex_text(" ".join(parts(version)))
    where = link_of(version)
    return f"\\bibitem{{{key}}}\n{words}" + (f"\n\\texttt{{{latex_text(where)}}}" if where else "")

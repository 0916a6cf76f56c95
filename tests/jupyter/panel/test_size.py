"""The panel travels with every notebook page: its front-end source stays small."""

from __future__ import annotations

import gzip
from pathlib import Path

from hubdoi.jupyter import panel

STATIC = Path(panel.__file__).parent / "static"
MAX_BYTES = 60_000
MAX_COMPRESSED = 20_000


def test_the_front_end_source_is_small() -> None:
    files = [file for file in STATIC.iterdir() if file.suffix in (".js", ".css")]
    sources = [file.read_bytes() for file in files]
    assert len(sources) == 2
    assert sum(map(len, sources)) <= MAX_BYTES
    assert len(gzip.compress(b"".join(sources))) <= MAX_COMPRESSED

"""Median mint and median status with 1,000,000 versions in the ledger, against an empty one."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from .harness import Comparison, Result
from .mint import plant

if TYPE_CHECKING:
    from hubdoi.records import MintRequest, Person
    from hubdoi.sandbox.world import World

VERSIONS = 1_000_000
EACH = 4
"""Versions of each repository that is in the large ledger."""
ROUNDS = 11
IN_A_ROUND = 30


def fill(path: Path) -> None:
    """Put a million versions of 250,000 repositories into the ledger and the register at `path`."""
    record = (
        '{{"title": "model-{0} (Revision {1})", "authors": [{{"name": "Lovelace, Ada", "type": "person",'
        ' "given": "Ada", "family": "Lovelace"}}], "publisher": "Hugging Face", "year": 2024,'
        ' "created": "{2}", "description": "A model like many others.", "license": "mit",'
        ' "resource_type": "Model", "version": "{1}"}}'
    )
    begin = datetime(2023, 1, 1, tzinfo=UTC)

    def versions() -> Iterator[tuple[object, ...]]:
        for n in range(2, VERSIONS + 2):
            revision = sha1(n.to_bytes(4)).hexdigest()
            moment = (begin + timedelta(seconds=n)).isoformat(timespec="microseconds")
            doi = f"10.5072/hf/{n:04d}"
            body = record.format(n, revision[:7], moment)
            yield n, (n - 2) // EACH + 10**6, revision, moment, doi, doi, "linked", body, n + 10**6

    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = OFF")
    columns = "id, repository_id, revision, revision_date, doi, doi_key, step, record, consent_id"
    with db:
        db.execute("INSERT OR IGNORE INTO ledger_terms VALUES ('made', 'The terms of then.')")
        db.executemany(
            "INSERT INTO ledger_repositories (id, hub, uid, type, name) VALUES (?, 'sandbox', ?, 'model', ?)",
            ((10**6 + n, f"made-{n}", f"made/model-{n}") for n in range(VERSIONS // EACH)),
        )
        db.executemany(
            "INSERT INTO ledger_consents (id, username, at, digest) VALUES (?, 'ada', '2024-01-01T00:00:00+00:00', 'made')",
            ((n + 10**6,) for n in range(2, VERSIONS + 2)),
        )
        rows = versions()
        while batch := list(islice(rows, 50_000)):
            db.executemany(
                f"INSERT INTO ledger_versions ({columns}) VALUES (?,?,?,?,?,?,?,?,?)", batch
            )
        _register(db)
        db.execute("INSERT OR REPLACE INTO register_sequence VALUES ('hf', ?)", (VERSIONS + 1,))
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def _register(db: sqlite3.Connection) -> None:
    """Copy the one record that was minted before, for every DOI of the ledger."""
    db.row_factory = sqlite3.Row
    record = dict(db.execute("SELECT * FROM register_records").fetchone())
    record.pop("id")
    columns = ", ".join(record)
    marks = ", ".join(f":{name}" for name in record)
    db.executemany(
        f"INSERT INTO register_records ({columns}) VALUES ({marks})",
        (
            record | {"doi": f"10.5072/hf/{n:04d}", "doi_key": f"10.5072/hf/{n:04d}"}
            for n in range(2, VERSIONS + 2)
        ),
    )


class _Side:
    """One world, and the repositories in it that have no DOI yet."""

    def __init__(self, world: World, names: list[str]) -> None:
        from hubdoi.records import MintRequest, Person

        self.world = world
        self._names = iter(names)
        self._ada: Person = world.store.people.person("ada") or Person("ada", "Ada Lovelace")
        self._consent: MintRequest = MintRequest.from_json(
            {"agree": True, "terms": world.registrar.terms.digest}
        )
        self._minted: list[str] = []

    def mint(self) -> float:
        """The median of some mints, in seconds."""
        from hubdoi.records import Repo

        taken = []
        for name in islice(self._names, IN_A_ROUND):
            start = perf_counter()
            version = self.world.service.mint(Repo("model", name), self._ada, self._consent)
            taken.append(perf_counter() - start)
            assert version.doi is not None
            self._minted.append(name)
        return median(taken)

    def status(self) -> float:
        """The median of as many statuses, in seconds."""
        from hubdoi.records import Repo

        taken = []
        for name in self._minted[-IN_A_ROUND:]:
            start = perf_counter()
            status = self.world.service.status(Repo("model", name), self._ada)
            taken.append(perf_counter() - start)
            assert status.state == "current"
        return median(taken)


@contextmanager
def _side(folder: Path, *, full: bool) -> Iterator[_Side]:
    from hubdoi.sandbox.world import World

    names = plant(folder, IN_A_ROUND * (ROUNDS + 1) + 1)
    with World(folder) as world:
        # Both have minted once, so that they differ in nothing but the number of versions.
        _Side(world, names[:1]).mint()
    if full:
        fill(folder / "sandbox.db")
    with World(folder) as world:
        yield _Side(world, names[1:])


def measure() -> list[Result]:
    with (
        tempfile.TemporaryDirectory(prefix="hubdoi-bench-") as made,
        _side(Path(made) / "full", full=True) as full,
        _side(Path(made) / "empty", full=False) as empty,
    ):
        size = (Path(made) / "full" / "sandbox.db").stat().st_size >> 20
        mints, statuses = Comparison([], []), Comparison([], [])
        for number in range(ROUNDS + 1):
            a, b = full.mint(), empty.mint()
            c, d = full.status(), empty.status()
            if number:
                mints.ours.append(a)
                mints.theirs.append(b)
                statuses.ours.append(c)
                statuses.theirs.append(d)
    peer = "an empty ledger"
    mint = Result("scale-mint", mints.ratio, "ratio", "<= 1.3", peer, f"{mints.detail}; {size} MiB")
    status = Result("scale-status", statuses.ratio, "ratio", "<= 1.3", peer, statuses.detail)
    worse = max(mint, status, key=lambda result: result.value)
    return [
        Result("scale", worse.value, "ratio", "<= 1.3", peer, f"the worse one: {worse.name}"),
        mint,
        status,
    ]


@contextmanager
def subject() -> Iterator[Callable[[], object]]:
    with (
        tempfile.TemporaryDirectory(prefix="hubdoi-bench-") as made,
        _side(Path(made), full=True) as full,
    ):
        yield lambda: [(full.mint(), full.status()) for _ in range(ROUNDS)]

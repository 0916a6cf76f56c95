"""Trees: the folders of every commit, each stored once under the id that git gives it.

A commit writes the folders on the way to what it changes and shares all others with the commits
before. A folder of many entries is stored in parts, so that a change of it writes one of them.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import Connection, bindparam, inspect, select
from sqlalchemy.dialects.sqlite import insert as upsert

from ..minting.database import Database
from ..records.formats import suffix_of
from .git import Blob, tree_body, tree_id
from .refusal import Refusal
from .tables import TREES

EMPTY = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""git's id of the tree without entries."""
PART = 1000
"""The most entries of a folder that are stored together."""
MAX_ENTRIES = 100_000
"""The most entries of a folder: a change of one of them hashes them all, since git's id says so."""
_MAX_FOLDERS = 250_000
_ROWS = 1000
_ENTRIES = select(TREES.c.entries).where(TREES.c.oid == bindparam("id"))


class Entry(NamedTuple):
    """A file, or a folder with the bytes and the number of the files in it."""

    oid: str
    size: int
    files: int = 1


Entries: TypeAlias = Mapping[str, Entry]
"""What a folder holds in git's order: ``name`` is a file, ``name/`` a folder."""


class _Part(NamedTuple):
    """Some entries of a large folder; `first` is the first key of them."""

    first: str
    oid: str
    size: int
    files: int


class Trees:
    def __init__(self, database: Database) -> None:
        self._database = database
        # A tree never changes under its id. Each of these holds at most PART entries.
        self._node = lru_cache(maxsize=256)(self._read)
        self.suffixes = lru_cache(maxsize=4096)(self._suffixes)

    def entry(self, oid: str, key: str) -> Entry | None:
        while not isinstance(node := self._node(oid), Mapping):
            oid = node[_index(node, key)].oid
        return node.get(key)

    def entries(self, oid: str, after: str = "") -> Iterator[tuple[str, Entry]]:
        """What a folder holds, in git's order; not all of what is not beyond `after`."""
        node = self._node(oid)
        if isinstance(node, Mapping):
            yield from node.items()
            return
        for part in node[_index(node, after) :]:
            yield from self.entries(part.oid)

    def at(self, root: str, path: str) -> Entry | None:
        """The entry at `path`: of a file, or, when it ends in a slash, of a folder."""
        *folders, name = path.rstrip("/").split("/")
        for folder in folders:
            found = self.entry(root, folder + "/")
            if found is None:
                return None
            root = found.oid
        return self.entry(root, name + "/" * path.endswith("/"))

    def walk(self, root: str, prefix: str = "", after: str = "") -> Iterator[tuple[str, Entry]]:
        """Everything under a folder, by path, a folder (with a slash at its end) before its entries.

        `prefix` is the path of the folder; it goes on behind the path `after`.
        """
        stack = [self.entries(root, after[len(prefix) :])]
        prefixes = [prefix]
        while stack:
            for key, entry in stack[-1]:
                path = prefixes[-1] + key
                if path > after:
                    yield path, entry
                elif not (path.endswith("/") and after.startswith(path)):
                    continue
                if path.endswith("/"):
                    rest = after[len(path) :] if after.startswith(path) else ""
                    stack.append(self.entries(entry.oid, rest))
                    prefixes.append(path)
                    break
            else:
                stack.pop()
                prefixes.pop()

    def total(self, oid: str) -> tuple[int, int]:
        """How many files are in a folder, and their size in bytes."""
        node = self._node(oid)
        found: Iterable[Entry | _Part] = node.values() if isinstance(node, Mapping) else node
        found = list(found)
        return sum(entry.files for entry in found), sum(entry.size for entry in found)

    def differences(self, old: str, new: str) -> dict[str, tuple[Blob | None, Blob | None]]:
        """Each file that is not the same in two trees, as it is in both."""
        found: dict[str, tuple[Blob | None, Blob | None]] = {}
        left = [("", old, new)]
        while left:
            prefix, *both = left.pop()
            before, after = (dict(self._unlike(*pair)) for pair in (both, both[::-1]))
            for key in before.keys() | after.keys():
                here, there = before.get(key), after.get(key)
                if here == there:
                    continue
                if key.endswith("/"):
                    left.append((prefix + key, _oid(here), _oid(there)))
                else:
                    found[prefix + key] = here and here[:2], there and there[:2]
        return found

    def changed(self, old: str, new: str, paths: Iterable[str]) -> set[str]:
        """Those of `paths`, files or folders, that are not the same in two trees."""
        found: set[str] = set()
        left = [("", old, new, list(paths))]
        while left:
            prefix, before, after, wanted = left.pop()
            by_name = defaultdict(list)
            for path in wanted:
                by_name[path[len(prefix) :].partition("/")[0]].append(path)
            for name, under in by_name.items():
                here, there = (self.entry(oid, name + "/") for oid in (before, after))
                same = here == there
                if not same or self.entry(before, name) != self.entry(after, name):
                    found.update(path for path in under if path == prefix + name)
                deeper = [path for path in under if path != prefix + name]
                if deeper and not same:
                    left.append((f"{prefix}{name}/", _oid(here), _oid(there), deeper))
        return found

    def write(self, root: str, edits: Mapping[str, Blob | None], *, replace: bool = False) -> str:
        """Store the tree that `edits` make of the tree `root`; the answer is its id.

        An edit is a file as it is now, or None for a file or folder (with a slash at the end of its
        path) that is deleted. What is deleted goes first. `replace` is for rows of the same id that
        hold something other than this class writes.

        Raises:
            Refusal: a path would be a file and a folder, or too much changes (413).
        """
        touched: dict[str, dict[str, Entry | None]] = {"": {}}
        for path, blob in edits.items():
            folder, _, name = path.rstrip("/").rpartition("/")
            _reach(touched, folder)
            touched[folder][name + "/" * path.endswith("/")] = blob and Entry(*blob)
        downwards = sorted(touched, key=lambda path: (path != "", path.count("/")))
        present = {"": root}
        for folder in downwards[1:]:
            above, _, name = folder.rpartition("/")
            # A folder that is deleted and gets new files begins anew.
            gone = name + "/" in touched[above]
            found = None if gone else self.entry(present[above], name + "/")
            present[folder] = _oid(found)
        with self._database.transaction() as connection:
            rows = _Rows(connection, replace)
            # The deepest first: a folder's id is made of those of the folders in it.
            for folder in reversed(downwards):
                made = self._edited(folder, present[folder], touched[folder], rows)
                if folder:
                    above, _, name = folder.rpartition("/")
                    touched[above][name + "/"] = made if made.files else None
            rows.flush()
        return made.oid

    def _edited(
        self, folder: str, oid: str, edits: Mapping[str, Entry | None], rows: _Rows
    ) -> Entry:
        for key, entry in edits.items():
            twin = key[:-1] if key.endswith("/") else key + "/"
            if entry and (edits[twin] if twin in edits else self.entry(oid, twin)):
                raise _both(f"{folder}/{key}".strip("/"))
        node = self._node(oid)
        if isinstance(node, Mapping):
            pieces: list[_Part | Entries] = [*_split(_applied(node, edits))]
        else:
            by_part: dict[int, dict[str, Entry | None]] = defaultdict(dict)
            for key, entry in edits.items():
                by_part[_index(node, key)][key] = entry
            pieces = []
            for index, part in enumerate(node):
                if index in by_part:
                    pieces += _split(_applied(dict(self.entries(part.oid)), by_part[index]))
                else:
                    pieces.append(part)
        if not pieces:
            pieces = [{}]
        bodies, parts, count = [], [], 0
        for piece in pieces:
            if isinstance(piece, _Part):
                body, held = self._body(piece.oid)
                bodies.append(body)
                parts.append(piece)
                count += held
            else:
                count += len(piece)
                bodies.append(tree_body((key, entry.oid) for key, entry in piece.items()))
                parts.append(_Part(next(iter(piece), ""), *_stored(piece, bodies[-1], rows)))
        if count > MAX_ENTRIES and not rows.replace and self._grows(oid, edits):
            raise _too_many(folder)
        if len(parts) == 1:
            return Entry(*parts[0][1:])
        made = tree_id(b"".join(bodies))
        rows.add(made, json.dumps(parts, separators=(",", ":")))
        return Entry(made, sum(part.size for part in parts), sum(part.files for part in parts))

    def _body(self, oid: str) -> tuple[bytes, int]:
        """What git hashes of a part that stays as it is, and how many entries it has.

        The id of its folder is made of it too.
        """
        found = self._load(oid)
        if isinstance(found, list):
            inside = [self._body(part[1]) for part in found]
            return b"".join(body for body, _ in inside), sum(count for _, count in inside)
        return tree_body((key, entry[0]) for key, entry in found.items()), len(found)

    def _grows(self, oid: str, edits: Mapping[str, Entry | None]) -> bool:
        """Whether a folder has more entries after `edits`: one that is too large may become smaller."""
        return sum(bool(new) - bool(self.entry(oid, key)) for key, new in edits.items()) > 0

    def _unlike(self, oid: str, other: str) -> Iterator[tuple[str, Entry]]:
        """The entries of `oid` without the parts that `other` holds as well."""
        mine, others = self._node(oid), self._node(other)
        if isinstance(mine, Mapping) or isinstance(others, Mapping):
            yield from self.entries(oid)
            return
        shared = {part.oid for part in others}
        for part in mine:
            if part.oid not in shared:
                yield from self.entries(part.oid)

    def _suffixes(self, oid: str) -> frozenset[str]:
        """The suffixes of the names of all files in a folder."""
        node = self._node(oid)
        if not isinstance(node, Mapping):
            return frozenset[str]().union(*(self.suffixes(part.oid) for part in node))
        found = {suffix_of(key) for key in node if not key.endswith("/")} - {""}
        return frozenset(found).union(
            *(self.suffixes(entry.oid) for key, entry in node.items() if key.endswith("/"))
        )

    def _read(self, oid: str) -> Entries | tuple[_Part, ...]:
        if oid == EMPTY:
            return {}
        found = self._load(oid)
        if isinstance(found, list):
            return tuple(_Part(*part) for part in found)
        return {key: Entry(*entry) for key, entry in found.items()}

    def _load(self, oid: str) -> Any:
        with self._database.reading() as connection:
            return json.loads(connection.execute(_ENTRIES, {"id": oid}).scalar_one())


def upgrade(database: Database) -> None:
    """Bring the trees of a data directory that an earlier version made into this one's format.

    It stored the whole listing of a commit as one row.
    """
    with database.transaction() as connection:
        if not inspect(connection).has_table("hub_snapshots"):
            return
        # SQLite lets the foreign keys of other tables follow a table to its new name.
        for statement in (
            "ALTER TABLE hub_snapshots RENAME TO hub_trees",
            "ALTER TABLE hub_trees RENAME COLUMN tree TO oid",
            "ALTER TABLE hub_trees RENAME COLUMN files TO entries",
        ):
            connection.exec_driver_sql(statement)
        trees = Trees(database)
        for oid in list(connection.execute(select(TREES.c.oid)).scalars()):
            listing = json.loads(connection.execute(_ENTRIES, {"id": oid}).scalar_one())
            trees.write(
                EMPTY, {path: (blob, size) for path, (blob, size) in listing.items()}, replace=True
            )


class _Rows:
    """Rows to store, many at once: a statement for each takes longer than what it does."""

    def __init__(self, connection: Connection, replace: bool) -> None:
        self._connection = connection
        self.replace = replace
        statement = upsert(TREES)
        self._statement = (
            statement.on_conflict_do_update(
                index_elements=[TREES.c.oid], set_={"entries": statement.excluded.entries}
            )
            if replace
            else statement.on_conflict_do_nothing(index_elements=[TREES.c.oid])
        )
        self._rows: list[dict[str, str]] = []

    def add(self, oid: str, entries: str) -> None:
        self._rows.append({"oid": oid, "entries": entries})
        if len(self._rows) >= _ROWS:
            self.flush()

    def flush(self) -> None:
        if self._rows:
            self._connection.execute(self._statement, self._rows)
            self._rows = []


def _stored(entries: Entries, body: bytes, rows: _Rows) -> Entry:
    oid = tree_id(body)
    shown = {key: entry if key.endswith("/") else entry[:2] for key, entry in entries.items()}
    rows.add(oid, json.dumps(shown, separators=(",", ":")))
    found = entries.values()
    return Entry(oid, sum(entry.size for entry in found), sum(entry.files for entry in found))


def _applied(entries: Entries, edits: Mapping[str, Entry | None]) -> Entries:
    changed = {**entries, **edits}
    # The order of code points, with the slash of a folder, is the order of git.
    return {key: entry for key in sorted(changed) if (entry := changed[key]) is not None}


def _split(entries: Entries) -> Iterator[Entries]:
    """The entries in as few pieces of about the same length as PART allows."""
    pieces = -(-len(entries) // PART)
    left = iter(entries.items())
    for number in range(pieces):
        yield dict(
            islice(left, len(entries) * (number + 1) // pieces - len(entries) * number // pieces)
        )


def _oid(folder: Entry | None) -> str:
    return folder.oid if folder else EMPTY


def _index(parts: tuple[_Part, ...], key: str) -> int:
    """Which part has the entry `key`, if there is one."""
    return max(0, bisect_right(parts, key, key=lambda part: part.first) - 1)


def _reach(touched: dict[str, dict[str, Entry | None]], folder: str) -> None:
    while folder not in touched:
        touched[folder] = {}
        folder = folder.rpartition("/")[0]
    if len(touched) > _MAX_FOLDERS:
        raise Refusal(
            413,
            f"A commit changes the files of at most {_MAX_FOLDERS:,} folders; make several commits.",
            "TooManyFolders",
        )


def _too_many(folder: str) -> Refusal:
    where = f"The folder {folder[:200]!r}" if folder else "The root of the repository"
    return Refusal(
        413,
        f"{where} would hold more than {MAX_ENTRIES:,} files and folders; put them into folders.",
        "TooManyEntries",
    )


def _both(path: str) -> Refusal:
    return Refusal(
        400, f"{path.rstrip('/')[:200]!r} cannot be a file and a folder at once; delete one first."
    )

"""Public answers that were seen before, in one file of the user's cache directory.

A cited notebook renders again without network because of it. Nothing that needs credentials to be
seen is ever put here.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ..config import user_path

if TYPE_CHECKING:
    import uuid

    from hishel import Entry, Headers, Request, Response, SqliteStorage


LARGEST_CACHE = 128 * 2**20
"""Bytes on disk, SQLite's journal included; what was not used for the longest time goes first."""
LARGEST_ENTRY = 4 * 2**20
"""Bytes; a larger answer is used and not kept."""
# The journal is cut back to 64 MiB, and what is being written comes on top.
_LARGEST_DATABASE = LARGEST_CACHE - 72 * 2**20

_MOST_STEPS = 20
_BUSY_MILLISECONDS = 100
# Headers that say how a body travelled; what is kept is the body itself.
_OF_ONE_CONNECTION = ("content-encoding", "content-length", "transfer-encoding", "connection")


def cache_directory() -> Path:
    """``HUBDOI_CACHE``, or the platform's cache directory of the user."""
    chosen = os.environ.get("HUBDOI_CACHE")
    if chosen:
        return user_path(chosen)
    from platformdirs import user_cache_path

    return user_cache_path("hubdoi")


class AnswerCache:
    """Answers by the URL that they came from, through hishel.

    `fresh_for` is how many seconds an answer is used without asking again; afterwards its ETag is
    sent along, and without network it is used however old it is. `storage` is None where the
    directory cannot be written, or with `keeps=False`: then nothing is kept.
    """

    def __init__(
        self, directory: Path | None = None, *, fresh_for: float = 600.0, keeps: bool = True
    ) -> None:
        self._directory = directory or cache_directory()
        self._fresh_for = fresh_for
        self._keeps = keeps

    @property
    def storage(self) -> SqliteStorage | None:
        """The storage of this process: a connection to SQLite does not outlive a fork."""
        return _open(self._directory, self._fresh_for, os.getpid()) if self._keeps else None

    def answer(
        self,
        key: str,
        url: str,
        headers: Mapping[str, str],
        send: Callable[[Mapping[str, str]], Any],
    ) -> Any:
        """Status, headers, body and URL: from the cache as RFC 9111 allows, or else from `send`.

        `send` gets the headers that make the request conditional.
        """
        storage = self.storage
        if storage is None:
            return send({})
        import hishel

        request = hishel.Request("GET", url, hishel.Headers(dict(headers)))
        state: Any = hishel.IdleClient(options=hishel.CacheOptions(shared=False))
        state = state.next(request, storage.get_entries(key))
        for _ in range(_MOST_STEPS):
            if isinstance(state, hishel.CacheMiss | hishel.NeedRevalidation):
                conditions = {
                    name: state.request.headers[name]
                    for name in ("if-none-match", "if-modified-since")
                    if name in state.request.headers
                }
                status, got, body, _ = send(conditions)
                kept = {k: v for k, v in got.items() if k not in _OF_ONE_CONNECTION}
                state = state.next(hishel.Response(status, hishel.Headers(kept), iter([body])))
            elif isinstance(state, hishel.StoreAndUse):
                state = storage.create_entry(request, state.response, key).response
            elif isinstance(state, hishel.FromCache):
                state = state.entry.response
            elif isinstance(state, hishel.CouldNotBeStored):
                state = state.response
            elif isinstance(state, hishel.NeedToBeUpdated):
                for entry in state.updating_entries:
                    storage.update_headers(entry.id, entry.response.headers)
                state = state.next()
            elif isinstance(state, hishel.InvalidateEntries):
                for entry_id in state.entry_ids:
                    storage.remove_entry(entry_id)
                state = state.next()
            else:
                break
        if not isinstance(state, hishel.Response):
            return send({})
        content = b"".join(cast(Any, state.stream or ()))
        return state.status_code, _plain(state.headers), content, url

    @staticmethod
    def key(address: str) -> str:
        return sha256(address.encode()).hexdigest()

    def remember(self, address: str, body: Any) -> None:
        """Keep `body`, JSON, as what `address` answered just now."""
        if self.storage is None:
            return
        from email.utils import formatdate

        from hishel import Headers, Request, Response

        key = self.key(address)
        before = self.storage.get_entries(key)
        content = json.dumps(body, separators=(",", ":")).encode()
        entry = self.storage.create_entry(
            Request(method="GET", url=address, headers=Headers({})),
            Response(
                status_code=200,
                headers=Headers(
                    {"content-type": "application/json", "date": formatdate(usegmt=True)}
                ),
                stream=iter([content]),
            ),
            key,
        )
        # hishel keeps an entry once its body has been read to the end.
        for _ in cast(Any, entry.response.stream):
            pass
        for old in before:
            self.storage.remove_entry(old.id)

    def recall(self, address: str) -> Any:
        """The newest answer of `address`, however old it is, or None."""
        entries = self.storage.get_entries(self.key(address)) if self.storage else []
        newest = max(entries, key=_age_key, default=None)
        if newest is None:
            return None
        with suppress(ValueError, OSError, RuntimeError):
            return json.loads(_body(newest))
        return None

    def is_fresh(self, address: str) -> bool:
        """Whether the answer of `address` is so new that nobody needs to be asked."""
        if self.storage is None:
            return False
        from hishel import CacheOptions, FromCache, Headers, IdleClient, Request

        state = IdleClient(options=CacheOptions(shared=False)).next(
            Request(method="GET", url=address, headers=Headers({})),
            self.storage.get_entries(self.key(address)),
        )
        return isinstance(state, FromCache)

    def forget(self, address: str) -> None:
        if self.storage is not None:
            for entry in self.storage.get_entries(self.key(address)):
                self.storage.remove_entry(entry.id)


@lru_cache(maxsize=8)
def _open(directory: Path, fresh_for: float, process: int) -> SqliteStorage | None:
    """The storage in `directory`, one for each `process`; its files are the user's alone."""
    import uuid

    from hishel import Entry, Headers, SqliteStorage

    # A cache that fails is a slower answer, never a reason to tell the user.
    logging.getLogger("hishel").addHandler(logging.NullHandler())

    class Storage(SqliteStorage):
        """Services say that their answers are stale at once; a public record rarely changes."""

        def create_entry(
            self, request: Request, response: Response, key: str, **limits: Any
        ) -> Entry:
            if response.status_code != 200:
                # A DOI that is not known yet may be known the next second.
                return Entry(id=uuid.uuid4(), request=request, response=response)
            response.headers = self._lasting(response.headers)
            return super().create_entry(request, response, key, **limits)

        def update_headers(self, id: uuid.UUID, headers: Headers) -> None:
            super().update_headers(id, self._lasting(headers))

        @staticmethod
        def _lasting(headers: Headers) -> Headers:
            kept = {
                name: headers.get_list(name) or []
                for name in headers
                if name.lower() not in ("age", "cache-control", "expires", "set-cookie", "vary")
            }
            return Headers({**kept, "cache-control": f"max-age={fresh_for:.0f}"})

    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, text in ((".gitignore", b"*\n"), ("answers.db", b"")):
            # SQLite gives its journal the mode of the database.
            descriptor = os.open(directory / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                if text and file.tell() == 0:
                    file.write(text)
        storage = Storage(
            database_path=directory / "answers.db",
            max_size=_LARGEST_DATABASE,
            max_stream_size=LARGEST_ENTRY,
        )
        storage.get_entries("")
        # Whoever holds the write lock would cost five seconds for each answer that is kept.
        cast(Any, storage.connection).execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
        return storage
    except (OSError, RuntimeError):
        return None


def _age_key(entry: Entry) -> float:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(entry.response.headers.get("date", "")).timestamp()
    except (TypeError, ValueError):
        return 0.0


def _body(entry: Entry) -> bytes:
    if "content-encoding" in entry.response.headers:
        # Of a version that kept what came over the wire.
        raise ValueError("the entry is compressed")
    return b"".join(cast(Any, entry.response.stream))


def _plain(headers: Headers) -> Mapping[str, str]:
    from .answer import Headers as Plain

    return Plain(
        (name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()
    )

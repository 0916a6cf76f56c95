"""One deadline over all the requests of one operation, such as a command.

Each request has a bound of its own (`http.LONGEST_OPERATION`); pages, retries and many
repositories add up. An operation begins where a person asks for something: at a command, a method
of a `Client`, an action of a panel, a request of the JupyterLab extension or of an institution's
gateway. Whatever it asks, it asks within what is left.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import cached_property
from time import monotonic
from typing import TypeVar, cast
from urllib.parse import urlsplit

from ..records.errors import ServiceUnreachable

T = TypeVar("T")


class Operation:
    """Something that began now and may take `seconds`, which is asked for at its first request.

    `what` it is, and the `way_out` of who has waited too long, are words of the error.
    """

    def __init__(self, seconds: Callable[[], float], what: str, way_out: str) -> None:
        self._began = monotonic()
        self._ask = seconds
        self._what = what
        self._way_out = way_out
        self._answered = 0
        self._lock = threading.Lock()

    @cached_property
    def _seconds(self) -> float:
        return self._ask()

    @property
    def until(self) -> float:
        """The deadline, as `time.monotonic` counts."""
        return self._began + self._seconds

    @property
    def is_over(self) -> bool:
        return monotonic() >= self.until

    def count(self) -> None:
        """Note that a request was answered."""
        with self._lock:
            self._answered += 1

    def late(self, base: str) -> ServiceUnreachable:
        """The error for a request to `base` that cannot be answered in time any more."""
        done = f"{self._answered} request{'' if self._answered == 1 else 's'}"
        return ServiceUnreachable(
            f"{urlsplit(base).netloc} did not answer within the {self._seconds:g} s that {self._what} may take, "
            f"after {done} had been answered; {self._way_out}."
        )


_current: ContextVar[Operation | None] = ContextVar("hubdoi_operation", default=None)


def current() -> Operation | None:
    """The operation that this thread, in its context, is part of."""
    return _current.get()


@contextmanager
def operation(
    seconds: Callable[[], float],
    what: str = "one command",
    way_out: str = "try again, or allow more seconds with HUBDOI_TIMEOUT",
) -> Iterator[None]:
    """Everything that is asked within the block shares one deadline; within another, that one's."""
    token = _current.set(_current.get() or Operation(seconds, what, way_out))
    try:
        yield
    finally:
        _current.reset(token)


def bounded(work: Callable[[], T], base: str) -> T:
    """What `work` returns, within what is left of this operation.

    It is for requests of a library that has no deadline: they go to `base`, on a thread that is left
    alone when the time is over. What they then do is not known; the process may end meanwhile.

    Raises:
        ServiceUnreachable: the time is over.
    """
    whole = current()
    if whole is None:
        return work()
    done: list[tuple[T | None, BaseException | None]] = []

    def run() -> None:
        try:
            done.append((work(), None))
        except BaseException as error:
            done.append((None, error))

    thread = threading.Thread(target=copy_context().run, args=(run,), daemon=True)
    thread.start()
    thread.join(max(0.0, whole.until - monotonic()))
    if not done:
        raise whole.late(base)
    found, error = done[0]
    if error is not None:
        raise error
    return cast("T", found)


@contextmanager
def without_deadline() -> Iterator[None]:
    """For what takes as long as it takes, such as waiting for a person: each request has its own."""
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)

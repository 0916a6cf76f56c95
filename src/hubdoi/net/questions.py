"""Equal questions at the same moment, which are asked once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Questions:
    """Joins equal questions; a key names what is asked, and as whom.

    Nobody gets an answer that was begun before they asked: it may be out of date, because they pushed
    or minted since. Who asks while the same question is being asked waits for the next time, together
    with everybody else who does.
    """

    def __init__(self) -> None:
        self._asking: dict[Hashable, Future[Any]] = {}
        self._next: dict[Hashable, Future[Any]] = {}
        self._lock = threading.Lock()

    def ask(self, key: Hashable, answer: Callable[[], T]) -> T:
        """What `answer` returns, called here or by another thread that asks the same.

        Raises: what that raises.
        """
        with self._lock:
            before = self._asking.get(key)
            places = self._next if before else self._asking
            joined: Future[T] | None = places.get(key) if before else None
            place: Future[T] = joined or places.setdefault(key, Future())
        if joined:
            return joined.result()
        if before:
            before.exception()
        try:
            found, failure = answer(), None
        except BaseException as error:
            found, failure = None, error
        with self._lock:
            del self._asking[key]
            if following := self._next.pop(key, None):
                self._asking[key] = following
        if failure:
            place.set_exception(failure)
        else:
            place.set_result(found)  # type: ignore[arg-type]
        return place.result()

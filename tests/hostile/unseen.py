"""That a secret is not in sight where something failed: what ``%xmode Verbose`` shows."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from types import FrameType


def assert_unseen(error: BaseException, *secrets: str) -> None:
    """None of `secrets` is in an exception of the chain, or in a local variable of hubdoi's frames."""
    seen: BaseException | None = error
    # One frame passes a value on to the next.
    read: set[int] = set()
    while seen is not None:
        assert not [secret for secret in secrets if secret in str(seen) + repr(seen)]
        for frame in frames(seen):
            for name, value in frame.f_locals.items():
                if id(value) in read:
                    continue
                read.add(id(value))
                text = shown(value)
                found = [secret for secret in secrets if secret in text]
                assert not found, (frame.f_code.co_qualname, name)
        seen = seen.__cause__ or seen.__context__


def shown(value: object) -> str:
    try:
        return repr(value)
    except AttributeError:
        return ""  # an object whose construction failed


def frames(error: BaseException) -> Iterator[FrameType]:
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if "/tests/" not in frame.f_code.co_filename:
            yield frame

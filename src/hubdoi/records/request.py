"""What an institution may decide before it happens."""

from __future__ import annotations

from typing import Literal, get_args

RequestKind = Literal["mint", "correction", "reservation"]
REQUESTS: tuple[RequestKind, ...] = get_args(RequestKind)

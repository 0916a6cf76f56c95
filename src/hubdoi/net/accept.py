"""Which of the representations that there are a client prefers (RFC 9110, 12.5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message
from urllib.request import parse_http_list

_MAX_LENGTH = 2000


@dataclass(frozen=True, slots=True)
class MediaRange:
    """One entry of an Accept header: ``text/x-bibliography; style=apa; q=0.5``."""

    type: str
    parameters: dict[str, str]
    quality: float

    def matches(self, media_type: str) -> bool:
        main, _, sub = self.type.partition("/")
        return self.type in ("*/*", media_type) or (
            sub == "*" and media_type.startswith(f"{main}/")
        )

    @property
    def specificity(self) -> int:
        return 2 - self.type.count("*")


def media_ranges(accept: str) -> list[MediaRange]:
    """The entries of the header, in their order; what cannot be read is passed over."""
    found = []
    for entry in parse_http_list(accept[:_MAX_LENGTH]):
        message = Message()
        message["Content-Type"] = " ".join(entry.split())
        try:
            name, *parameters = message.get_params(failobj=[]) or [("", "")]
        except (ValueError, LookupError):
            # A parameter in the extended form of RFC 2231 that is not what it says.
            continue
        media_type = name[0].strip().lower()
        values = {key.lower(): value for key, value in parameters}
        quality = _quality(values.pop("q", "1"))
        if media_type.count("/") == 1 and quality is not None:
            found.append(MediaRange(media_type, values, quality))
    return found


def preferred(accept: str | None, offered: Sequence[str]) -> tuple[str, MediaRange] | None:
    """The media type of `offered` that the client likes best, with the entry that says so.

    Of equals the client's first one wins, then the server's first one. None: nothing fits.
    """
    ranges = media_ranges(accept) if accept and accept.strip() else [MediaRange("*/*", {}, 1.0)]
    best: tuple[float, int, int] | None = None
    chosen: tuple[str, MediaRange] | None = None
    for place, media_type in enumerate(offered):
        fitting = [(i, entry) for i, entry in enumerate(ranges) if entry.matches(media_type)]
        if not fitting:
            continue
        # The most specific entry speaks for a type, even when it says no.
        i, entry = max(fitting, key=lambda pair: (pair[1].specificity, -pair[0]))
        score = (entry.quality, -i, -place)
        if entry.quality > 0 and (best is None or score > best):
            best, chosen = score, (media_type, entry)
    return chosen


def _quality(text: str) -> float | None:
    try:
        quality = float(text)
    except ValueError:
        return None
    return quality if 0 <= quality <= 1 else None

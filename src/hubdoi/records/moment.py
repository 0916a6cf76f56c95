"""Moments in UTC, written as ``2026-11-23T10:00:00Z``."""

from __future__ import annotations

from datetime import UTC, datetime


def parse_moment(text: str) -> datetime:
    """An ISO 8601 date or moment as an aware datetime in UTC.

    Raises:
        ValueError: `text` is not one.
    """
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time outside of the years 1 to 9999") from None


def show_moment(moment: datetime) -> str:
    """`moment` in UTC, to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"

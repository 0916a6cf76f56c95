"""Moments in UTC, written as ``2026-11-23T10:00:00Z``."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["parse_moment", "show_moment"]


def parse_moment(text: str) -> datetime:
    """An ISO 8601 date or moment as an aware datetime in UTC.

    Raises:
        ValueError: `text` is not one.
    """
    moment = datetime.fromisoformat(text.strip())
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def show_moment(moment: datetime) -> str:
    """`moment` in UTC, to the second."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"

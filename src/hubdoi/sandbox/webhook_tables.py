"""The tables of webhooks, and of what is to be delivered to them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, Table, Text

from .tables import METADATA

WEBHOOKS = Table(
    "hub_webhooks",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("secret", Text),
    Column("watched", Text, nullable=False),
    Column("domains", Text, nullable=False),
    Column("disabled", Boolean, nullable=False),
)

# Written in the transaction of the event itself: what happened is delivered after a restart too.
DELIVERIES = Table(
    "hub_deliveries",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("webhook", ForeignKey(WEBHOOKS.c.id), nullable=False),
    Column("payload", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due", Float),
    Column("status", Integer),
    Column("problem", Text),
)
Index("hub_deliveries_by_due", DELIVERIES.c.due)

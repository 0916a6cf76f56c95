"""The tables of signing in by OAuth: applications, codes, devices, tokens. Secrets are kept as digests."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Table, Text

from .tables import METADATA

APPLICATIONS = Table(
    "hub_oauth_applications",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("secret", Text),
    Column("name", Text, nullable=False),
    Column("redirect_uris", Text, nullable=False),
)

# What a person allowed: the code of a redirect, or of a device that waits.
CODES = Table(
    "hub_oauth_codes",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("application", Text, nullable=False),
    Column("username", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("challenge", Text),
    Column("nonce", Text),
    Column("expires", Float, nullable=False),
    Column("family", Text, nullable=False),
    Column("used", Boolean, nullable=False),
)

DEVICES = Table(
    "hub_oauth_devices",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("user_code", Text, nullable=False, unique=True),
    Column("application", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("expires", Float, nullable=False),
    Column("polled", Float, nullable=False),
    Column("username", Text),
    Column("denied", Boolean, nullable=False),
)

# All tokens that came from one consent are of one family, and are revoked together.
TOKENS = Table(
    "hub_oauth_tokens",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("application", Text, nullable=False),
    Column("username", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("family", Text, nullable=False),
    Column("expires", Float, nullable=False),
    Column("used", Boolean, nullable=False),
)
Index("hub_oauth_tokens_by_family", TOKENS.c.family)

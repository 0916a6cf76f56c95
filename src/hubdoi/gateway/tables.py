"""The gateway's own tables, beside those of the ledger."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

# When an intent or a correction of the ledger is finished: the ledger says what, this says when and
# why not yet.
work = sa.Table(
    "gateway_work",
    metadata,
    sa.Column("version_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("repository_id", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    # Seconds since 1970 by the database's clock: that of a host may be wrong.
    sa.Column("due", sa.Float, nullable=False),
    sa.Column("reason", sa.Text),
    # The institution's name for who asked, which need not be the one on the Hub.
    sa.Column("asked_by", sa.Text),
    sa.Index("gateway_work_due", "state", "due"),
)

# What DataCite has to do for reserved DOIs: keep a draft, or discard it; a row goes when it is done.
drafts = sa.Table(
    "gateway_drafts",
    metadata,
    sa.Column("doi", sa.Text, primary_key=True),
    # keep or discard.
    sa.Column("act", sa.Text, nullable=False),
    # queued or parked, as in gateway_work.
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due", sa.Float, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Index("gateway_drafts_due", "state", "due"),
)

# Who did what, when and why; rows are only ever added, and the database itself refuses to change them.
audit = sa.Table(
    "gateway_audit",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("why", sa.Text),
    sa.Index("gateway_audit_subject", "subject"),
)

# Who works with the gateway beyond what the Hub says of them: their role, and the group whose policy counts.
people = sa.Table(
    "gateway_people",
    metadata,
    sa.Column("username", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("group", sa.Text),
    sa.Column("added", sa.Text, nullable=False),
    sa.Index("gateway_people_group", "group"),
)

# The groups of people, as JupyterHub or the sign-in provider said the last time: a list in JSON.
groups = sa.Table(
    "gateway_groups",
    metadata,
    sa.Column("username", sa.Text, primary_key=True),
    sa.Column("groups", sa.Text, nullable=False),
)

# What a group may do; what is NULL is as the configuration says.
policies = sa.Table(
    "gateway_policies",
    metadata,
    sa.Column("group", sa.Text, primary_key=True),
    sa.Column("owners", sa.Text),
    sa.Column("prefix", sa.Text),
    sa.Column("suffix", sa.Text),
    sa.Column("quota", sa.Integer),
    sa.Column("require", sa.Text),
    # 1, 0, or -1 as the configuration says.
    sa.Column("review", sa.Integer, nullable=False),
)

# What a curator has to decide, and decided. While it waits, the ledger has the intent.
requests = sa.Table(
    "gateway_requests",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("version_id", sa.Integer),
    sa.Column("uid", sa.Text, nullable=False),
    sa.Column("repo", sa.Text, nullable=False),
    sa.Column("revision", sa.Text, nullable=False),
    sa.Column("doi", sa.Text, nullable=False),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("asked", sa.Text, nullable=False),
    sa.Column("decided", sa.Text),
    sa.Column("decided_by", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("record", sa.Text, nullable=False),
    # mint, correction or reservation.
    sa.Column("kind", sa.Text, nullable=False),
    # Of those without an intent: what was agreed to, and by whom on the Hub, until it is decided.
    sa.Column("details", sa.Text),
    sa.Index("gateway_requests_state", "state", "id"),
    sa.Index("gateway_requests_repository", "revision", "uid"),
)

# Who is signed in to the pages: the digest of what the browser's cookie holds, and the token of its forms.
sessions = sa.Table(
    "gateway_sessions",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("csrf", sa.Text, nullable=False),
    sa.Column("expires", sa.Float, nullable=False),
    sa.Index("gateway_sessions_expires", "expires"),
)

# What people allowed at the Hub, encrypted with a key that is not in the database.
grants = sa.Table(
    "gateway_grants",
    metadata,
    # "person NAME" of JupyterHub, or "token DIGEST" of a token that the gateway gave.
    sa.Column("owner", sa.Text, primary_key=True),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("sealed", sa.Text, nullable=False),
    sa.Column("granted", sa.Text, nullable=False),
    sa.Index("gateway_grants_username", "username"),
)

# The ORCID iDs with which people signed in.
orcids = sa.Table(
    "gateway_orcids",
    metadata,
    sa.Column("username", sa.Text, primary_key=True),
    sa.Column("orcid", sa.Text, nullable=False, unique=True),
    sa.Column("at", sa.Text, nullable=False),
)

# Sign-ins under way: what the provider's answer has to match.
sign_ins = sa.Table(
    "gateway_sign_ins",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("verifier", sa.Text, nullable=False),
    sa.Column("nonce", sa.Text, nullable=False),
    sa.Column("next", sa.Text, nullable=False),
    sa.Column("expires", sa.Float, nullable=False),
)

# What curators are told of; a row goes when it was sent.
notices = sa.Table(
    "gateway_notices",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("number", sa.Integer),
    sa.Column("due", sa.Float, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Index("gateway_notices_due", "due"),
)

# How many requests each person has made in the present minute.
rates = sa.Table(
    "gateway_rates",
    metadata,
    sa.Column("username", sa.Text, primary_key=True),
    sa.Column("minute", sa.Integer, nullable=False),
    sa.Column("used", sa.Integer, nullable=False),
)

# Repositories that a webhook of the Hub told of: when they are looked at, and what was seen then.
watched = sa.Table(
    "gateway_watched",
    metadata,
    sa.Column("uid", sa.Text, primary_key=True),
    # The name that the webhook gave, as it is after a move.
    sa.Column("told", sa.Text),
    sa.Column("due", sa.Float),
    # Until when somebody is at it; what the Hub tells meanwhile is due afterwards.
    sa.Column("leased", sa.Float),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("head", sa.Text),
    sa.Column("dois", sa.Text),
    sa.Column("seen", sa.Text),
    sa.Index("gateway_watched_due", "due"),
)

# The digests of webhooks that came, so that none is taken twice.
deliveries = sa.Table(
    "gateway_deliveries",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("uid", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Index("gateway_deliveries_at", "at"),
    sa.Index("gateway_deliveries_uid", "uid", "at"),
)

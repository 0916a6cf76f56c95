"""The tables of the sandbox's Hub side."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

METADATA = MetaData()

CLOCK = Table(
    "hub_clock",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("now", Text, nullable=False),
)

PEOPLE = Table(
    "hub_people",
    METADATA,
    Column("username", Text, primary_key=True),
    Column("full_name", Text, nullable=False),
)

ORGANIZATIONS = Table(
    "hub_organizations",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("full_name", Text, nullable=False),
)

# The organisations whose new repositories are private where nobody says otherwise.
PRIVATE_BY_DEFAULT = Table(
    "hub_private_by_default",
    METADATA,
    Column("organization", ForeignKey(ORGANIZATIONS.c.name), primary_key=True),
)

MEMBERS = Table(
    "hub_members",
    METADATA,
    Column("username", ForeignKey(PEOPLE.c.username), primary_key=True),
    Column("organization", ForeignKey(ORGANIZATIONS.c.name), primary_key=True),
)

# A deleted repository keeps its row and its commits: a revision that has a DOI resolves for ever.
REPOSITORIES = Table(
    "hub_repositories",
    METADATA,
    Column("uid", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("namespace", Text, nullable=False),
    Column("private", Boolean, nullable=False),
    Column("created", Text, nullable=False),
    Column("updated", Text, nullable=False),
    Column("deleted", Text),
)
Index(
    "hub_repositories_by_key",
    REPOSITORIES.c.type,
    REPOSITORIES.c.key,
    unique=True,
    sqlite_where=REPOSITORIES.c.deleted.is_(None),
)
Index("hub_repositories_by_update", REPOSITORIES.c.type, REPOSITORIES.c.updated, REPOSITORIES.c.uid)
Index(
    "hub_repositories_by_creation", REPOSITORIES.c.type, REPOSITORIES.c.created, REPOSITORIES.c.uid
)
Index(
    "hub_repositories_by_namespace",
    REPOSITORIES.c.type,
    REPOSITORIES.c.namespace,
    REPOSITORIES.c.updated,
)

REDIRECTS = Table(
    "hub_redirects",
    METADATA,
    Column("type", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("uid", ForeignKey(REPOSITORIES.c.uid), nullable=False),
)
Index("hub_redirects_by_uid", REDIRECTS.c.uid)

# What the card of the head says, to list repositories by it.
TAGS = Table(
    "hub_tags",
    METADATA,
    Column("tag", Text, primary_key=True),
    Column("uid", ForeignKey(REPOSITORIES.c.uid), primary_key=True),
)
Index("hub_tags_by_uid", TAGS.c.uid)

BLOBS = Table(
    "hub_blobs",
    METADATA,
    Column("oid", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

# Large files (Git LFS): `oid` is the blob id of the pointer that a commit holds.
LARGE_FILES = Table(
    "hub_large_files",
    METADATA,
    Column("oid", Text, primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("size", Integer, nullable=False),
)

# Which repositories have committed which of them.
LARGE_FILES_OF = Table(
    "hub_large_files_of",
    METADATA,
    Column("uid", ForeignKey("hub_repositories.uid"), primary_key=True),
    Column("sha256", Text, primary_key=True),
)
Index("hub_large_files_by_sha256", LARGE_FILES_OF.c.sha256)

# Folders as JSON: name -> [blob id, bytes], or name/ -> [tree id, bytes, files]. Of a large folder
# it is a list of its parts, which are rows as well: [first name, tree id, bytes, files].
TREES = Table(
    "hub_trees",
    METADATA,
    Column("oid", Text, primary_key=True),
    Column("entries", Text, nullable=False),
)

COMMITS = Table(
    "hub_commits",
    METADATA,
    Column("uid", ForeignKey(REPOSITORIES.c.uid), primary_key=True),
    Column("oid", Text, primary_key=True),
    Column("parent", Text),
    Column("tree", ForeignKey(TREES.c.oid), nullable=False),
    Column("author", Text, nullable=False),
    Column("created", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("message", Text, nullable=False),
)

REFS = Table(
    "hub_refs",
    METADATA,
    Column("uid", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("target", Text, nullable=False),
    ForeignKeyConstraint(["uid", "target"], [COMMITS.c.uid, COMMITS.c.oid]),
)
Index("hub_refs_by_target", REFS.c.uid, REFS.c.target)

DISCUSSIONS = Table(
    "hub_discussions",
    METADATA,
    Column("uid", ForeignKey(REPOSITORIES.c.uid), primary_key=True),
    Column("num", Integer, primary_key=True),
    Column("title", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("created", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("is_pull_request", Boolean, nullable=False, server_default=text("0")),
    Column("base", Text),
    Column("merge_commit", Text),
)

EVENTS = Table(
    "hub_events",
    METADATA,
    Column("uid", Text, primary_key=True),
    Column("num", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("created", Text, nullable=False),
    Column("data", Text, nullable=False),
    ForeignKeyConstraint(["uid", "num"], [DISCUSSIONS.c.uid, DISCUSSIONS.c.num]),
)

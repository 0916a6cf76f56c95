"""What those who run a gateway decide from its command line: people, policies, requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..minting.user_ledger import data_directory
from ..records import Message, Repo
from ..records.errors import InvalidInput
from .audit import POLICY_REMOVED, POLICY_SET, AuditLog
from .database import migrate, open_database
from .erasure import erase
from .grants import forget_person
from .institution import Institution
from .people import Member, People
from .policies import EVERYBODY, Policies, Policy
from .reviews import Review
from .settings import Settings

OPERATOR = "operator"
"""Who acts with the rights of the machine that the gateway runs on."""


def user(action: str, name: str | None, *, role: str | None, group: str | None) -> Message:
    """List people, add or change one, remove or erase one. Raises as `People.put` and `erase`."""
    with _database() as (people, _, audit):
        if action == "erase":
            assert name is not None
            pseudonym = erase(audit.database, audit, name)
            audit.add(OPERATOR, "user erased", pseudonym)
            text = f"{name} is erased, except for what is public at DataCite; the acts are under {pseudonym}."
            return Message(text, {"pseudonym": pseudonym})
        if action == "list":
            return _listed(people.all(), _user_line, "Nobody is listed.", "People")
        assert name is not None
        if action == "remove":
            if not people.remove(name):
                raise InvalidInput(f"{name} is not listed.")
            forget_person(people.database, name)
            audit.add(OPERATOR, "user removed", name)
            return Message(f"{name} is no longer listed.", name)
        known = people.member(name)
        member = people.put(
            name,
            role=role or known.role,
            group=known.group if group is None else group or None,
        )
        audit.add(OPERATOR, "user set", member.username, _user_line(member))
        return Message(_user_line(member), _user_json(member))


def policy(action: str, group: str | None, **values: Any) -> Message:
    """List policies, give a group one, or remove it. Raises as `Policies.put`."""
    with _database() as (_, policies, audit):
        if action == "list":
            return _listed(policies.all(), _policy_line, "", "Policies")
        assert group is not None
        if action == "remove":
            if not policies.remove(group):
                raise InvalidInput(f"The group {group} has no policy of its own.")
            audit.add(OPERATOR, POLICY_REMOVED, group)
            rest = "configuration" if group == EVERYBODY else f"policy of {EVERYBODY}"
            return Message(f"The {rest} now applies to {group}.", group)
        made = policies.put(group, keep=True, **values)
        audit.add(OPERATOR, POLICY_SET, group, _policy_line(made))
        return Message(_policy_line(made), made.to_json())


def review(action: str, number: int | None, reason: str | None) -> Message:
    """List what waits, approve one, or refuse one. Raises as `Reviews.approve` and `Reviews.refuse`."""
    institution = Institution(Settings.read(), pool=2)
    try:
        reviews = institution.reviews
        if action == "list":
            waiting = reviews.all("waiting")
            names = reviews.names(waiting)
            lines = "\n".join(_review_line(one, names[one.id]) for one in waiting)
            count = reviews.count_waiting()
            text = "Waiting for a decision:" if waiting else "Nothing waits for a decision."
            if count > len(waiting):
                text = f"{count:,} are waiting for a decision; these are the oldest:"
            return Message(text, [one.to_json() for one in waiting], lines or None)
        assert number is not None
        if action == "approve":
            done = institution.approve(number, OPERATOR, reason=reason)
        else:
            done = reviews.refuse(number, OPERATOR, reason or "")
        return Message(f"Request {number} is {done.state}: {done.version.doi}.", done.to_json())
    finally:
        institution.close()


@contextmanager
def _database() -> Iterator[tuple[People, Policies, AuditLog]]:
    settings = Settings.read()
    database = open_database(settings.database, data_directory() / "gateway", pool=1)
    try:
        migrate(database, empty_only=True)
        yield People(database), Policies(database, settings), AuditLog(database)
    finally:
        database.close()


def _listed(found: tuple[Any, ...], line: Callable[[Any], str], empty: str, title: str) -> Message:
    values = [one.to_json() if isinstance(one, Policy) else _user_json(one) for one in found]
    return Message(f"{title}:" if found else empty, values, "\n".join(map(line, found)) or None)


def _review_line(review: Review, repo: Repo) -> str:
    kind = f"{review.kind}  " if review.kind != "mint" else ""
    return f"{review.id}  {kind}{repo}  {review.version.title}  {review.username}"


def _user_line(member: Member) -> str:
    return f"{member.username}  {member.role}  {member.group or EVERYBODY}"


def _user_json(member: Member) -> dict[str, str | None]:
    return {"username": member.username, "role": member.role, "group": member.group}


def _policy_line(found: Policy) -> str:
    parts = [
        found.group,
        f"owners {', '.join(found.owners) or 'none'}",
        f"DOIs {found.prefix}/{found.suffix}",
        f"quota {found.quota or 'none'}",
        f"required {', '.join(found.require) or 'nothing'}",
        "with review" if found.review else "without review",
    ]
    return "; ".join(parts)

"""What a group of people may do; for everybody else it is what the configuration says.

A policy narrows and chooses, it never widens: its owners are among those of the configuration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from ..minting.database import Database
from ..minting.ledger_queries import IS_KNOWN, STEP
from ..minting.prepared import Prepared
from ..records import Doi, MintRequest, RepoInfo
from ..records.errors import InvalidDoi, InvalidInput, PolicyRefused
from .people import MEMBER, Member, check_group, key_of, member_in
from .registrar import check_suffix
from .settings import REQUIREMENTS, Settings
from .tables import groups as groups_table
from .tables import people, policies

EVERYBODY = "everybody"
"""The group of those who are in no other one."""
_OF_GROUPS = sa.select(policies).where(policies.c.group.in_(sa.bindparam("groups", expanding=True)))
# Those that may count for somebody; which of their groups comes first is not the database's to say.
_OF_PERSON = MEMBER.add_columns(
    policies.c.group.label("policy"), *[column for column in policies.c if column.name != "group"]
).outerjoin(
    policies,
    sa.or_(
        policies.c.group == EVERYBODY,
        policies.c.group == people.c.group,
        people.c.group.is_(None) & groups_table.c.groups.is_not(None),
    ),
)
_FOR_PERSON = Prepared(_OF_PERSON)
# What a mint has to know before DataCite is asked.
_FOR_MINT = Prepared(
    _OF_PERSON.add_columns(STEP.scalar_subquery().label("step"), IS_KNOWN.label("is_known"))
)
_MOST_QUOTA = 1_000_000_000
_AS_CONFIGURED = -1
"""The review of a policy that says nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules for one group; `quota` is in DOIs per person and 365 days, None for any number."""

    group: str
    owners: tuple[str, ...]
    prefix: str
    suffix: str
    quota: int | None
    require: tuple[str, ...]
    review: bool

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def serves(self, namespace: str | None) -> bool:
        """Whether repositories of that owner may get a DOI."""
        return (namespace or "").lower() in {owner.lower() for owner in self.owners}

    def check_required(self, info: RepoInfo, request: MintRequest) -> None:
        """Let mints pass whose metadata the institution finds complete.

        Raises:
            PolicyRefused: something that it requires is missing.
        """
        if "license" in self.require and not info.license:
            raise PolicyRefused(f"Add a licence to the card of {info.repo}; it is required here.")
        if "description" in self.require and not (request.description or info.description):
            raise PolicyRefused(f"Add a description of {info.repo}; it is required here.")
        people = [author for author in request.authors or () if author.type != "organization"]
        if "orcid" in self.require and (
            request.authors is None or any(author.orcid is None for author in people)
        ):
            raise PolicyRefused(
                'Name the authors with their ORCID iDs, such as "Lovelace, Ada <0000-0002-1825-0097>"; it is required here.'
            )


class Policies:
    """The policies in `database`, on top of what `settings` say."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.settings = settings

    def of(self, group: str | None) -> Policy:
        """The policy of `group`, else of everybody."""
        with self.database.glancing() as db:
            rows = db.execute(_OF_GROUPS, {"groups": [group or EVERYBODY, EVERYBODY]})
            return self._first({row.group: row for row in rows}, group, ())

    def for_person(self, username: str | None) -> tuple[Member, Policy]:
        """Who has that name, and the policy that counts for them; for nobody that of everybody."""
        with self.database.glancing() as db:
            rows = _FOR_PERSON.all(db, {"asked": key_of(username or "")})
        return self._in(rows, username or "")

    def for_mint(
        self, username: str, hub: str, info: RepoInfo
    ) -> tuple[Member, Policy, str | None, bool]:
        """As `for_person`, how far the ledger has come with the revision, as `Ledger.step_of`, and
        whether it knows the repository."""
        asked = {"hub": hub, "uid": info.uid, "revision": info.revision or ""}
        with self.database.glancing() as db:
            rows = _FOR_MINT.all(db, {"asked": key_of(username), **asked})
        return *self._in(rows, username), rows[0].step, bool(rows[0].is_known)

    def _in(self, rows: Sequence[Any], username: str) -> tuple[Member, Policy]:
        member = member_in(rows[0], username)
        return member, self._first({row.policy: row for row in rows}, member.group, member.groups)

    def _first(self, found: dict[str, Any], group: str | None, groups: Sequence[str]) -> Policy:
        """The policy of `group`, else of the first of `groups` that has one, else of everybody."""
        wanted = [group] if group else sorted(groups)
        chosen = next((name for name in wanted if name in found), group or EVERYBODY)
        return self._policy(found.get(chosen, found.get(EVERYBODY)), chosen)

    def all(self) -> tuple[Policy, ...]:
        """The policy of everybody, then those of the groups by name."""
        with self.database.reading() as db:
            rows = db.execute(sa.select(policies).order_by(policies.c.group)).all()
        groups = [self._policy(row, row.group) for row in rows if row.group != EVERYBODY]
        return (self.of(None), *groups)

    def put(
        self,
        group: str,
        *,
        owners: Sequence[str] | None = None,
        prefix: str | None = None,
        suffix: str | None = None,
        quota: int | None = None,
        require: Sequence[str] | None = None,
        review: bool | None = None,
        keep: bool = False,
    ) -> Policy:
        """Give `group` this policy, instead of the one that it had; None is as the configuration says.

        With `keep`, None leaves what the group had before.

        Raises:
            InvalidInput: a part cannot be used.
        """
        check_group(group)
        served = {owner.lower() for owner in self.settings.owners}
        for owner in owners or ():
            if owner.lower() not in served:
                raise InvalidInput(
                    f"{owner[:60]} is not among the owners that this institution serves; add it to HUBDOI_GATEWAY_OWNERS first."
                )
        for name in require or ():
            if name not in REQUIREMENTS:
                raise InvalidInput(
                    f"{name[:40]!r} cannot be required; what can be is {', '.join(REQUIREMENTS)}."
                )
        if quota is not None and not 1 <= quota <= _MOST_QUOTA:
            raise InvalidInput(f"A quota is a whole number from 1 to {_MOST_QUOTA:,}.")
        if suffix is not None:
            check_suffix(suffix)
        if prefix is not None:
            try:
                Doi.parse(f"{prefix}/x")
            except InvalidDoi:
                raise InvalidInput(
                    f"{prefix[:40]!r} is not a DOI prefix; one is 10.12345."
                ) from None
        values = {
            "owners": ",".join(owners) if owners is not None else None,
            "prefix": prefix,
            "suffix": suffix,
            "quota": quota,
            "require": ",".join(require) if require is not None else None,
            "review": _AS_CONFIGURED if review is None else int(review),
        }
        parts = {
            "owners": owners,
            "prefix": prefix,
            "suffix": suffix,
            "quota": quota,
            "require": require,
            "review": review,
        }
        changed = {
            name: value for name, value in values.items() if not keep or parts[name] is not None
        }
        insert = self.database.insert(policies).values(group=group, **values)
        with self.database.transaction() as db:
            db.execute(
                insert.on_conflict_do_update(index_elements=["group"], set_=changed)
                if changed
                else insert.on_conflict_do_nothing()
            )
        return self.of(group)

    def remove(self, group: str) -> bool:
        """Remove the policy of `group`; whether it had one."""
        with self.database.transaction() as db:
            return db.execute(policies.delete().where(policies.c.group == group)).rowcount > 0

    def _policy(self, row: Any, group: str) -> Policy:
        settings = self.settings
        owners = _names(row.owners) if row and row.owners is not None else settings.owners
        served = {owner.lower() for owner in settings.owners}
        return Policy(
            group=group,
            # The configuration may have lost an owner since.
            owners=tuple(owner for owner in owners if owner.lower() in served),
            prefix=(row.prefix if row else None) or settings.datacite_prefix or "",
            suffix=(row.suffix if row else None) or settings.suffix,
            quota=row.quota if row and row.quota is not None else settings.quota,
            require=_names(row.require) if row and row.require is not None else settings.require,
            review=bool(row.review) if row and row.review != _AS_CONFIGURED else settings.review,
        )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(",") if name)

"""Webhooks: who is told of what happens to which repositories."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from ..records import Person
from .bodies import text_of
from .refusal import Refusal
from .repositories import Repository
from .store import Store
from .webhook_sender import Sender
from .webhook_tables import DELIVERIES, WEBHOOKS

DOMAINS = ("repo", "discussion")
_KINDS = ("user", "org", "model", "dataset", "space")
_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Webhook:
    """`watched` are pairs of kind (user, org, model, dataset) and name."""

    id: str
    owner: str
    url: str
    secret: str | None
    watched: tuple[tuple[str, str], ...]
    domains: tuple[str, ...]
    disabled: bool

    def watches(self, repository: Repository, scope: str) -> bool:
        """Whether an event of that scope of the repository is to be delivered."""
        repo = repository.repo
        names = {
            ("user", repository.namespace), ("org", repository.namespace), (repo.type, repo.id)
        }  # fmt: skip
        return (
            not self.disabled
            and scope.split(".")[0] in self.domains
            and not names.isdisjoint(self.watched)
        )


class Webhooks:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._database = store.database
        # Used and forgotten inside transactions that write, of which there is one at a time.
        self._known: list[Webhook] | None = None
        self.sender = Sender(store.database)
        store.events.listener = self._happened

    def all(self, person: Person) -> list[Webhook]:
        with self._database.reading() as connection:
            rows = connection.execute(
                select(WEBHOOKS).where(WEBHOOKS.c.owner == person.username)
            ).all()
        return [_webhook(row) for row in rows]

    def get(self, webhook_id: str, person: Person) -> Webhook:
        """One of `person`'s.

        Raises:
            Refusal: they have none of that id.
        """
        for webhook in self.all(person):
            if webhook.id == webhook_id:
                return webhook
        raise Refusal(404, "You have no webhook of that id.", "WebhookNotFound")

    def add(
        self,
        person: Person,
        *,
        url: str,
        watched: Sequence[tuple[str, str]],
        domains: Sequence[str],
        secret: str | None,
    ) -> Webhook:
        webhook_id = secrets.token_hex(12)
        with self._database.transaction() as connection:
            connection.execute(
                insert(WEBHOOKS).values(
                    id=webhook_id,
                    owner=person.username,
                    url=url,
                    secret=secret,
                    watched=json.dumps(list(watched)),
                    domains=json.dumps(list(domains)),
                    disabled=False,
                )
            )
            self._known = None
        return self.get(webhook_id, person)

    def change(self, webhook: Webhook, person: Person, **values: Any) -> Webhook:
        for name in ("watched", "domains"):
            if name in values:
                values[name] = json.dumps(list(values[name]))
        with self._database.transaction() as connection:
            connection.execute(update(WEBHOOKS).where(WEBHOOKS.c.id == webhook.id).values(values))
            if values.get("disabled"):
                connection.execute(
                    update(DELIVERIES).where(DELIVERIES.c.webhook == webhook.id).values(due=None)
                )
            self._known = None
        return self.get(webhook.id, person)

    def remove(self, webhook: Webhook) -> None:
        with self._database.transaction() as connection:
            connection.execute(delete(DELIVERIES).where(DELIVERIES.c.webhook == webhook.id))
            connection.execute(delete(WEBHOOKS).where(WEBHOOKS.c.id == webhook.id))
            self._known = None

    def deliveries(self, webhook: Webhook) -> list[dict[str, Any]]:
        """The last deliveries, newest first, and how they went."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(DELIVERIES)
                .where(DELIVERIES.c.webhook == webhook.id)
                .order_by(DELIVERIES.c.id.desc())
                .limit(100)
            ).all()
        return [
            {
                "id": str(row.id),
                "payload": json.loads(row.payload),
                "tries": row.tries,
                "waiting": row.due is not None,
                "status": row.status,
                "error": row.problem,
            }
            for row in rows
        ]

    def replay(self, webhook: Webhook, delivery_id: int) -> None:
        """Deliver once more.

        Raises:
            Refusal: there is no such delivery.
        """
        with self._database.transaction() as connection:
            done = connection.execute(
                update(DELIVERIES)
                .where(DELIVERIES.c.webhook == webhook.id, DELIVERIES.c.id == delivery_id)
                .values(due=time.time(), tries=0)
            ).rowcount
        if not done:
            raise Refusal(404, "There is no such delivery.", "WebhookNotFound")
        self.sender.wake()

    def _happened(self, uid: str, scope: str, action: str, more: dict[str, Any]) -> None:
        if not self._all():
            return
        repository = self._store.repositories.by_uid(uid)
        payload = None
        for webhook in self._all():
            owner = self._store.people.person(webhook.owner)
            if not webhook.watches(repository, scope) or not repository.is_visible_to(owner):
                continue
            if payload is None:
                payload = self._payload(repository, scope, action, more)
            about = {"id": webhook.id, "version": 3}
            with self._database.transaction() as connection:
                made = connection.execute(
                    insert(DELIVERIES).values(
                        webhook=webhook.id,
                        payload=json.dumps(payload | {"webhook": about}),
                        tries=0,
                        due=time.time(),
                    )
                ).inserted_primary_key
                assert made is not None
                connection.execute(
                    delete(DELIVERIES).where(
                        DELIVERIES.c.webhook == webhook.id, DELIVERIES.c.id <= made[0] - _KEPT
                    )
                )
            self.sender.wake()

    def _payload(
        self, repository: Repository, scope: str, action: str, more: dict[str, Any]
    ) -> dict[str, Any]:
        repo, endpoint = repository.repo, self._store.endpoint
        body: dict[str, Any] = {
            "event": {"action": action, "scope": scope},
            "repo": {
                "type": repo.type,
                "name": repo.id,
                "id": repository.uid,
                "private": repository.private,
                "url": {
                    "web": f"{endpoint}/{repo.path}",
                    "api": f"{endpoint}{repo.api_path}",
                },
                "owner": {"id": self._owner_id(repository.namespace)},
            },
        }
        commit = self._store.commits.resolve(repository.uid, None)
        if commit is not None:
            body["repo"]["headSha"] = commit.oid
            dois = self._store.dois_of([repository.uid]).get(repository.uid, [])
            tags = self._store.commits.card(commit).tags_for(repo.type)
            body["repo"]["tags"] = [*tags, *(f"doi:{doi}" for doi, _ in dois)]
        if "movedTo" in more:
            namespace = more["movedTo"]["name"].partition("/")[0]
            more["movedTo"]["owner"] = {"id": self._owner_id(namespace)}
        for name in ("discussion", "comment"):
            if name in more:
                num = more["discussion"]["num"]
                page = f"{endpoint}/{repo.path}/discussions/{num}"
                more[name]["url"] = {
                    "web": page, "api": f"{endpoint}{repo.api_path}/discussions/{num}"
                }  # fmt: skip
        return body | more

    def _owner_id(self, namespace: str) -> str:
        _, is_organization = self._store.people.owner(namespace)
        return f"{'org' if is_organization else 'user'}-{namespace}"

    def _all(self) -> list[Webhook]:
        if self._known is None:
            with self._database.reading() as connection:
                self._known = [_webhook(row) for row in connection.execute(select(WEBHOOKS)).all()]
        return self._known


def watched_from(value: Any) -> list[tuple[str, str]]:
    """What a body wants to be watched.

    Raises:
        Refusal: it cannot be read.
    """
    if not isinstance(value, list) or not 0 < len(value) <= 100:
        raise Refusal(400, "'watched' must be a list of at least one and at most 100 items.")
    found = []
    for item in value:
        kind = item.get("type") if isinstance(item, dict) else None
        name = text_of(item, "name", at_most=200) if isinstance(item, dict) else ""
        if kind not in _KINDS or not name:
            raise Refusal(400, "An item of 'watched' has a type (user, org, model, …) and a name.")
        found.append((kind, name))
    return found


def _webhook(row: Row[Any]) -> Webhook:
    return Webhook(
        id=row.id,
        owner=row.owner,
        url=row.url,
        secret=row.secret,
        watched=tuple((kind, name) for kind, name in json.loads(row.watched)),
        domains=tuple(json.loads(row.domains)),
        disabled=bool(row.disabled),
    )

"""Who there is in the sandbox: people, and the organisations that they belong to."""

from __future__ import annotations

from threading import Lock

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from ..minting.database import Database
from ..records import Person
from ..records.errors import SandboxError
from .tables import MEMBERS, ORGANIZATIONS, PEOPLE, PRIVATE_BY_DEFAULT


class People:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._known: dict[str, Person] = {}
        self._names: dict[str, tuple[str, bool]] = {}

    def add(self, username: str, full_name: str) -> None:
        """Add a person.

        Raises:
            SandboxError: the name is taken.
        """
        self._add_name(username)
        with self._database.transaction() as connection:
            connection.execute(insert(PEOPLE).values(username=username, full_name=full_name))

    def add_organization(self, name: str, full_name: str) -> None:
        """Add an organisation, without members yet.

        Raises:
            SandboxError: the name is taken.
        """
        self._add_name(name)
        with self._database.transaction() as connection:
            connection.execute(insert(ORGANIZATIONS).values(name=name, full_name=full_name))

    def join(self, username: str, organization: str) -> None:
        """Make a person a member, who can write to what belongs to the organisation.

        Raises:
            SandboxError: there is no such person or organisation, or they are a member already.
        """
        try:
            with self._database.transaction() as connection:
                connection.execute(
                    insert(MEMBERS).values(username=username, organization=organization)
                )
        except IntegrityError:
            raise SandboxError(
                f"{username} cannot join {organization}: one of the two does not exist, "
                "or they have joined already."
            ) from None
        with self._lock:
            self._known.pop(username, None)

    def person(self, username: str) -> Person | None:
        with self._lock:
            known = self._known.get(username)
        if known is not None:
            return known
        with self._database.reading() as connection:
            full_name = connection.execute(
                select(PEOPLE.c.full_name).where(PEOPLE.c.username == username)
            ).scalar()
            organizations = connection.execute(
                select(MEMBERS.c.organization)
                .where(MEMBERS.c.username == username)
                .order_by(MEMBERS.c.organization)
            ).scalars()
            if full_name is None:
                return None
            person = Person(username, full_name, tuple(organizations))
        with self._lock:
            self._known[username] = person
        return person

    def owner(self, namespace: str) -> tuple[str, bool]:
        """The full name of who has `namespace`, and whether it is an organisation.

        Raises:
            SandboxError: nobody has.
        """
        with self._lock:
            known = self._names.get(namespace)
        if known is not None:
            return known
        with self._database.reading() as connection:
            person = connection.execute(
                select(PEOPLE.c.full_name).where(PEOPLE.c.username == namespace)
            ).scalar()
            organization = connection.execute(
                select(ORGANIZATIONS.c.full_name).where(ORGANIZATIONS.c.name == namespace)
            ).scalar()
        full_name = organization if person is None else person
        if full_name is None:
            raise SandboxError(f"There is no user or organisation {namespace!r} in this sandbox.")
        with self._lock:
            self._names[namespace] = (full_name, person is None)
        return full_name, person is None

    def makes_private(self, namespace: str) -> bool:
        """Whether what is created under `namespace` is private where nobody says otherwise."""
        query = select(PRIVATE_BY_DEFAULT).where(PRIVATE_BY_DEFAULT.c.organization == namespace)
        with self._database.reading() as connection:
            return connection.execute(query).first() is not None

    def make_private(self, organization: str, private: bool) -> None:
        """Let new repositories of an organisation be private, or public."""
        gone = delete(PRIVATE_BY_DEFAULT).where(PRIVATE_BY_DEFAULT.c.organization == organization)
        with self._database.transaction() as connection:
            connection.execute(gone)
            if private:
                connection.execute(insert(PRIVATE_BY_DEFAULT).values(organization=organization))

    def _add_name(self, name: str) -> None:
        try:
            self.owner(name)
        except SandboxError:
            return
        raise SandboxError(f"The name {name!r} is taken; choose another one.")

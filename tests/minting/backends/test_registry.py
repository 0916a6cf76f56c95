"""A backend is one class and one entry in the registry: here is one that exists in this file alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

import pytest

from hubdoi.client import Client
from hubdoi.commands import Context, run
from hubdoi.commands.session import Session
from hubdoi.config import Config
from hubdoi.minting.backends import registry
from hubdoi.minting.backends.base import Backend
from hubdoi.minting.consent import check_consent
from hubdoi.minting.status import status_of, version_of_head
from hubdoi.records import (
    Connection,
    Doi,
    MintRequest,
    Person,
    Repo,
    RepoInfo,
    Status,
    Statuses,
    Terms,
    Version,
)
from hubdoi.records.errors import ConsentRequired, InvalidInput, already_registered

BERT = Repo("model", "ada/tiny-bert")
HEAD = "909a290" + "0" * 33
ADA = Person("ada", "Ada Lovelace")
TERMS = Terms("A toy DOI is for ever, or until the end of this test.")


class ToyBackend(Backend):
    """Registers DOIs in a dictionary."""

    registered_here: ClassVar[dict[Repo, Version]] = {}
    interrupted: ClassVar[list[Repo]] = []

    @classmethod
    def describe(cls, config: Config) -> str:
        return f"a toy that plays {config.endpoint}"

    def status(self, repo: Repo) -> Status:
        info = RepoInfo(repo=repo, uid=str(repo), head=HEAD, revision=HEAD, can_write=True)
        return status_of(
            info, self._versions(repo), endpoint="https://hub.example", person=ADA, terms=TERMS
        )

    def mint(self, repo: Repo, request: MintRequest, *, key: str | None = None) -> Version:
        check_consent(request, TERMS)
        if (named := version_of_head(self._versions(repo), HEAD)) and named.doi:
            raise already_registered(named.doi, HEAD, named)
        self.registered_here[repo] = Version.from_parts(
            doi=f"10.5072/toy/{repo.name}",
            repo=repo,
            revision=HEAD,
            authors=request.authors or ["Ada Lovelace"],
            year=2026,
        )
        return self.registered_here[repo]

    def recover(self) -> tuple[Version, ...]:
        asked = MintRequest(agree=True, terms=TERMS.digest)
        return tuple(self.mint(self.interrupted.pop(), asked) for _ in list(self.interrupted))

    def find(self, doi: Doi) -> Version | None:
        return next((v for v in self.registered_here.values() if v.doi == doi), None)

    def _versions(self, repo: Repo) -> Sequence[Version]:
        return [self.registered_here[repo]] if repo in self.registered_here else []


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(registry.BACKENDS, "toy", ToyBackend)
    yield
    ToyBackend.registered_here.clear()
    ToyBackend.interrupted.clear()


def test_a_client_sees_and_mints_with_it() -> None:
    client = Client("https://hub.example", False, registrar="toy")
    assert client.status(BERT).state == "unregistered"
    with pytest.raises(ConsentRequired):
        client.mint(BERT)
    version = client.mint(BERT, agree=client.terms(BERT), authors=["Hopper, Grace"])
    assert client.status(BERT).state == "current"
    assert client.history(BERT).versions == (version,)
    assert client.resolve("10.5072/TOY/tiny-bert") == version
    assert client.wait_for_doi(BERT) == version
    assert "Hopper, Grace" in str(client.cite(BERT))
    assert list(client.statuses([BERT, "ada/other"])) == [BERT, Repo("model", "ada/other")]


def test_the_commands_use_it() -> None:
    session = Session()
    shown: list[object] = []
    context = Context(session=session, show=shown.append)

    def doi(line: str) -> object:
        return run(line.split(), context)

    doi("use https://hub.example")
    connection = doi("use toy")
    assert isinstance(connection, Connection)
    assert connection.registrar == "a toy that plays https://hub.example"
    assert doi("").registrar == connection.registrar  # type: ignore[attr-defined]
    with pytest.raises(ConsentRequired):
        doi("mint ada/tiny-bert")
    assert [offer.terms for offer in shown] == [TERMS]  # type: ignore[attr-defined]
    version = doi("mint ada/tiny-bert --agree")
    assert isinstance(version, Version)
    status = doi("status ada/tiny-bert")
    assert isinstance(status, Status) and status.doi == version.doi
    assert isinstance(doi("status ada/tiny-bert ada/other"), Statuses)


def test_it_recovers_what_was_interrupted() -> None:
    context = Context(session=Session())
    run(["use", "https://hub.example"], context)
    run(["use", "toy"], context)
    ToyBackend.interrupted.append(BERT)
    assert "Finished: 10.5072/toy/tiny-bert." in str(run(["recover"], context))
    assert "Nothing was interrupted" in str(run(["recover"], context))


def test_the_environment_and_the_settings_choose_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBDOI_REGISTRAR", "toy")
    assert Client("https://hub.example", False).status(BERT).terms == TERMS


def test_a_name_that_no_backend_has_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(InvalidInput, match="choose one of auto, hub, datacite, handoff, toy"):
        Client("https://hub.example", False, registrar="zenodo")


@pytest.mark.parametrize("name", sorted(registry.BACKENDS))
def test_every_backend_says_what_registers(name: str) -> None:
    words = registry.describe(Config(endpoint="https://hub.example", registrar=name))
    assert words and "\n" not in words

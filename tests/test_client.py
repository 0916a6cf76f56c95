"""The one door."""

from __future__ import annotations

import json
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hubdoi import Client
from hubdoi.bibliography.bibfile import BibFile
from hubdoi.config import Config, Secret
from hubdoi.records import Author, Doi, Repo, Terms, Version
from hubdoi.records.errors import (
    AlreadyRegistered,
    ConsentRequired,
    DoiNotFound,
    InvalidAuthor,
    InvalidDoi,
    InvalidInput,
    InvalidMetadata,
    InvalidRepo,
    InvalidRevision,
    RepoNotFound,
    RevisionNotFound,
    ServiceFailed,
    ServiceUnreachable,
    SignInRequired,
    TermsChanged,
    UnexpectedAnswer,
)
from hubdoi.sandbox import Sandbox
from hubdoi.sandbox.app import create_app

BERT = "ada/tiny-bert"


def client(sandbox: Sandbox, user: str | None = "ada") -> Client:
    return Client(sandbox.endpoint, sandbox.users[user] if user else False)


class Counting:
    """ASGI middleware that notes every request, and may lose the answer to some POSTs."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.asked: list[str] = []
        self.lose = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.asked.append(f"{scope['method']} {scope['path']}")
            if self.lose and scope["method"] == "POST":
                self.lose -= 1

                async def lost(message: Message) -> None:
                    if message["type"] == "http.response.start":
                        message = {"type": "http.response.start", "status": 502, "headers": []}
                        await send(message)
                    elif not message.get("more_body"):
                        await send({"type": "http.response.body", "body": b"<html>Bad gateway"})

                await self.app(scope, receive, lost)
                return
        await self.app(scope, receive, send)


@contextmanager
def served(app: ASGIApp, port: socket.socket) -> Iterator[None]:
    server = uvicorn.Server(
        uvicorn.Config(app, access_log=False, lifespan="off", log_config=None, loop="asyncio")
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [port]}, daemon=True)
    thread.start()
    while not server.started:
        threading.Event().wait(0.005)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def counted(sandbox: Sandbox) -> Iterator[tuple[Client, Counting]]:
    """A client of the same world behind a server that counts."""
    port = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    port.bind(("127.0.0.1", 0))
    number = port.getsockname()[1]
    counting = Counting(create_app(sandbox.world, port=number))
    with served(counting, port):
        yield Client(f"http://127.0.0.1:{number}", sandbox.users["ada"]), counting


def test_status_takes_one_request_and_mint_looks_at_the_latest_commit_first(
    counted: tuple[Client, Counting],
) -> None:
    ada, counting = counted
    status = ada.status(BERT)
    assert counting.asked == [f"GET /api/models/{BERT}/doi"]
    counting.asked.clear()
    assert status.terms is not None
    ada.mint(BERT, agree=status.terms, authors=["Lovelace, Ada"])
    assert counting.asked == [f"GET /api/models/{BERT}/doi", f"POST /api/models/{BERT}/doi"]
    counting.asked.clear()
    ada.history("datasets/ada/notes")
    ada.resolve("10.5072/hf/0001")
    assert counting.asked == ["GET /api/datasets/ada/notes/doi", "GET /api/dois/10.5072/hf/0001"]


def test_r12_a_lost_answer_is_asked_for_again_by_the_client_itself(
    counted: tuple[Client, Counting],
) -> None:
    ada, counting = counted
    terms = ada.terms(BERT)
    counting.asked.clear()
    counting.lose = 2
    minted = ada.mint(BERT, agree=terms)
    assert Counter(counting.asked) == {
        f"GET /api/models/{BERT}/doi": 1,
        f"POST /api/models/{BERT}/doi": 3,
    }
    assert ada.history(BERT).versions == (minted,)


def test_r12_a_server_that_stays_broken_is_one_sentence(
    counted: tuple[Client, Counting],
) -> None:
    ada, counting = counted
    terms = ada.terms(BERT)
    counting.lose = 100
    with pytest.raises(ServiceFailed, match="reported a server error"):
        ada.mint(BERT, agree=terms)
    counting.lose = 0
    # What happened behind the lost answers is one DOI, and the ledger knows it.
    assert len(ada.history(BERT)) == 1
    with pytest.raises(AlreadyRegistered):
        ada.mint(BERT, agree=terms)


def test_r03_terms_are_for_one_doi_of_one_revision_and_one_person(sandbox: Sandbox) -> None:
    ada, api = client(sandbox), sandbox.hf_api()
    first = ada.status(BERT).head or ""
    api.upload_file(path_or_fileobj=b"1", path_in_repo="x", repo_id=BERT)
    terms = ada.terms(BERT)
    for mint, sentence in (
        (lambda: ada.mint("datasets/ada/notes", agree=terms), "shown for ada/tiny-bert at"),
        (lambda: ada.mint(BERT, agree=terms, revision=first), f"at revision {first[:7]}"),
        (lambda: ada.mint(BERT, agree=Terms(terms.text)), "not shown for ada/tiny-bert"),
        (lambda: client(sandbox, "grace").mint(BERT, agree=terms), "not shown for ada/tiny-bert"),
    ):
        with pytest.raises(ConsentRequired, match=sentence) as refusal:
            mint()
        assert refusal.value.terms == terms
    # The same credentials are the same person.
    assert client(sandbox).mint(BERT, agree=terms).revision == ada.status(BERT).head
    with pytest.raises(AlreadyRegistered) as registered:
        ada.mint(BERT, agree=terms)
    assert registered.value.version == ada.status(BERT).version
    api.upload_file(path_or_fileobj=b"2", path_in_repo="x", repo_id=BERT)
    with pytest.raises(AlreadyRegistered):
        ada.mint(BERT, agree=terms)
    assert len(ada.history(BERT)) == 1


def test_r03_spent_terms_mint_nothing_even_where_their_doi_is_gone(sandbox: Sandbox) -> None:
    ada = client(sandbox)
    terms = ada.terms(BERT)
    ada.mint(BERT, agree=terms, idempotency_key="one")
    assert terms.shown is not None and terms.shown.spent == "one"
    sandbox.reset()
    ada = Client(sandbox.endpoint, sandbox.users["ada"])
    with pytest.raises(ConsentRequired):
        ada.mint(BERT, agree=terms)
    assert ada.status(BERT).state == "unregistered"


def test_r03_a_latest_commit_that_moved_is_not_minted_in_silence(sandbox: Sandbox) -> None:
    ada, api = client(sandbox), sandbox.hf_api()
    terms = ada.terms(BERT)
    head = api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=BERT).oid
    with pytest.raises(TermsChanged, match=f"its latest commit is now {head[:7]}") as refusal:
        ada.mint(BERT, agree=terms)
    assert ada.status(BERT).state == "unregistered"
    assert ada.mint(BERT, agree=refusal.value.terms).revision == head


@pytest.mark.parametrize("to", ["ada/small-bert", "analytical-engine/tiny-bert"])
@pytest.mark.parametrize("named", [False, True])
def test_r03_a_repository_that_moved_is_not_minted_in_silence(
    to: str, named: bool, sandbox: Sandbox
) -> None:
    ada = client(sandbox)
    terms = ada.terms(BERT, revision=ada.status(BERT).head if named else None)
    sandbox.hf_api().move_repo(BERT, to)
    # The URL would be another one, and the organisation the author.
    with pytest.raises(TermsChanged, match=f"{BERT} is {to} since the terms were shown") as refusal:
        ada.mint(BERT, agree=terms)
    assert ada.status(to).state == "unregistered"
    assert str(ada.mint(to, agree=refusal.value.terms).repo) == to


def test_r03_a_revision_that_was_named_is_minted_wherever_the_latest_commit_is(
    sandbox: Sandbox,
) -> None:
    ada, api = client(sandbox), sandbox.hf_api()
    first = ada.status(BERT).head or ""
    terms = ada.terms(BERT, revision=first[:8])
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=BERT)
    assert ada.mint(BERT, agree=terms).revision == first


def test_r05_a_name_that_may_be_either_is_refused_with_both_readings(sandbox: Sandbox) -> None:
    ada = client(sandbox)
    with pytest.raises(InvalidAuthor, match="may be a person or an organisation") as refusal:
        ada.mint(BERT, agree=ada.terms(BERT), authors=["Tsinghua Press"])
    assert '"Press, Tsinghua"' in refusal.value.message
    assert '"{Tsinghua Press}"' in refusal.value.message
    assert ada.status(BERT).state == "unregistered"


def test_regenerate_keeps_what_was_entered_for_the_doi_before(sandbox: Sandbox) -> None:
    ada, api = client(sandbox), sandbox.hf_api()
    authors = [
        {"name": "Hopper, Grace", "orcid": "0000-0002-1825-0097"},
        {"name": "Lovelace, Ada", "affiliation": "Analytical Engine", "ror": "https://ror.org/05a28rw58"},
    ]  # fmt: skip
    first = ada.mint(BERT, agree=ada.terms(BERT), authors=authors, title="Tiny", description="D.")
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=BERT)
    assert ada.status(BERT).suggested_authors == first.authors
    second = ada.regenerate(BERT, agree=ada.terms(BERT))
    assert (second.authors, second.name, second.description) == (first.authors, "Tiny", "D.")
    api.upload_file(path_or_fileobj=b"y", path_in_repo="y", repo_id=BERT)
    third = ada.regenerate(BERT, agree=ada.terms(BERT), authors=["Shaw, Carol"], title="Small")
    assert [author.name for author in third.authors] == ["Shaw, Carol"]
    assert (third.name, third.description) == ("Small", "D.")


def test_r05_a_name_that_was_decided_stays_decided(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ada, api = client(sandbox), sandbox.hf_api()
    first = ada.mint(BERT, agree=ada.terms(BERT), authors=["Tsinghua, Press", "Lovelace, Ada"])
    assert "author       = {Tsinghua, Press and Lovelace, Ada}" in str(ada.cite(BERT))
    refs = BibFile.read("refs.bib").updated(ada.cite(BERT).versions).write()
    (tmp_path / "hubdoi.toml").write_text(
        '[names]\n"Press Tsinghua" = "{Tsinghua Press}"\n"Tsinghua Press" = "{Tsinghua Press}"\n'
    )
    # What is cited follows, the .bib file too; the record stays as it was registered.
    assert "author       = {{Tsinghua Press} and Lovelace, Ada}" in str(ada.cite(BERT))
    assert refs.updated(ada.cite(BERT).versions).changed == refs.added
    assert ada.resolve(first.doi or "").authors == first.authors
    # So does the next DOI, with what is typed and without.
    decided = (Author("Tsinghua Press", "organization"), Author.person("Ada Lovelace"))
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=BERT)
    assert ada.status(BERT).suggested_authors == decided
    assert ada.offer(BERT).version.authors == decided
    assert ada.regenerate(BERT, agree=ada.terms(BERT)).authors == decided
    api.upload_file(path_or_fileobj=b"y", path_in_repo="y", repo_id=BERT)
    typed = ada.mint(BERT, agree=ada.terms(BERT), authors=["Tsinghua Press"])
    assert typed.authors == decided[:1]


def test_a_repository_is_named_in_any_form(sandbox: Sandbox) -> None:
    ada = client(sandbox)
    minted = ada.mint(BERT, agree=ada.terms(BERT))
    for form in (
        BERT,
        Repo("model", BERT),
        f"hf://{BERT}@main",
        f"{sandbox.endpoint}/{BERT}",
        f"{sandbox.endpoint}/{BERT}/tree/main",
        str(minted.doi),
        f"https://doi.org/{minted.doi}",
        f"{sandbox.endpoint}/doi/{minted.doi}",
    ):
        assert ada.status(form).doi == minted.doi


def test_an_id_without_a_namespace_leads_to_its_present_home(
    sandbox: Sandbox, alias: Callable[[Sandbox, str, str], None]
) -> None:
    alias(sandbox, "tinybert", BERT)
    ada = client(sandbox)
    assert ada.status("tinybert").repo == Repo("model", BERT)
    minted = ada.mint("tinybert", agree=ada.terms("tinybert"))
    assert minted.repo == Repo("model", BERT)
    with pytest.raises(RepoNotFound, match="has no model gpt3; write it with its owner"):
        ada.status("gpt3")


def test_statuses_keep_what_failed_among_them(sandbox: Sandbox) -> None:
    found = client(sandbox).statuses([BERT, "ada/none", "datasets/ada/notes"])
    assert [type(value).__name__ for value in found.values()] == [
        "Status",
        "RepoNotFound",
        "Status",
    ]
    assert list(found) == [
        Repo("model", BERT), Repo("model", "ada/none"), Repo("dataset", "ada/notes"),
    ]  # fmt: skip


def test_changes_between_the_doi_and_the_head(sandbox: Sandbox) -> None:
    ada, api = client(sandbox), sandbox.hf_api()
    with pytest.raises(DoiNotFound, match="no DOI to compare"):
        ada.changes(BERT)
    ada.mint(BERT, agree=ada.terms(BERT))
    assert ada.changes(BERT).files == ()
    api.upload_file(path_or_fileobj=b"# New", path_in_repo="README.md", repo_id=BERT)
    changes = ada.changes(BERT)
    assert changes.only_card
    assert changes.head == ada.status(BERT).head
    with pytest.raises(RevisionNotFound):
        ada.changes(BERT, base="f" * 40)


def test_r12_a_mint_takes_the_revision_from_the_reference(sandbox: Sandbox) -> None:
    ada, api = client(sandbox), sandbox.hf_api()
    first = ada.status(BERT).head
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=BERT)
    named = f"{BERT}@{first}"
    assert ada.mint(named, agree=ada.terms(named)).revision == first


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"authors": "Ada"}, InvalidMetadata),
        ({"authors": {"name": "Ada"}}, InvalidMetadata),
        ({"authors": [5]}, InvalidAuthor),
        ({"authors": []}, InvalidAuthor),
        ({"title": 5}, InvalidMetadata),
        ({"title": "a\x00"}, InvalidMetadata),
        ({"revision": "yesterday"}, InvalidRevision),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(
    sandbox: Sandbox, more: dict[str, Any], error: type[Exception]
) -> None:
    ada = client(sandbox)
    with pytest.raises(error):
        ada.mint(BERT, agree=ada.terms(BERT), **more)
    assert ada.status(BERT).state == "unregistered"


def test_what_is_not_there_says_so(sandbox: Sandbox) -> None:
    ada = client(sandbox)
    for call, error in (
        (lambda: ada.status("ada/none"), RepoNotFound),
        (lambda: ada.status("not a repository"), InvalidRepo),
        (lambda: ada.resolve("10.5072/hf/0404"), DoiNotFound),
        (lambda: ada.resolve("10.5072/../../whoami-v2?x#y"), DoiNotFound),
        (lambda: ada.resolve("nonsense"), InvalidDoi),
        (lambda: Client(sandbox.endpoint, "hf_wrong").status(BERT), SignInRequired),
        (lambda: Client(sandbox.endpoint, "hf_wrong").whoami(), SignInRequired),
    ):
        with pytest.raises(error) as refused:
            call()
        assert "hf_wrong" not in str(refused.value)


def test_whoami(sandbox: Sandbox) -> None:
    person = client(sandbox, "grace").whoami()
    assert person is not None
    assert (person.username, person.full_name) == ("grace", "Grace Hopper")
    assert person.organizations == ("analytical-engine",)
    assert client(sandbox, None).whoami() is None


def test_a_server_that_is_not_there_is_one_sentence() -> None:
    port = socket.socket()
    port.bind(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{port.getsockname()[1]}"
    with pytest.raises(ServiceUnreachable, match="refuses the connection"):
        Client(address, False).status(BERT)
    port.close()


@pytest.mark.parametrize(
    "answer",
    [
        {"x": 1},
        {"state": "current"},
        [],
        None,
        {"state": "current", "head": 5, "versions": [], "locked": 1, "can_mint": 1},
    ],
)
def test_a_server_that_is_no_hub_is_one_sentence(answer: Any) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", b"application/json")],
            }
        )
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    port = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    port.bind(("127.0.0.1", 0))
    with served(app, port):
        other = Client(f"http://127.0.0.1:{port.getsockname()[1]}", False)
        with pytest.raises(UnexpectedAnswer):
            other.status(BERT)


def test_cite_needs_no_doi_and_takes_a_version(sandbox: Sandbox) -> None:
    ada = client(sandbox)
    assert "tiny-bert" in str(ada.cite(BERT))
    by_hand = Version.from_parts(
        doi="10.57967/hf/0039", repo="openai-community/gpt2", authors=[Author("OpenAI")]
    )
    assert "10.57967/hf/0039" in str(ada.cite(by_hand))
    minted = ada.mint(BERT, agree=ada.terms(BERT))
    assert str(minted.doi) in str(ada.cite(Doi(str(minted.doi))))


def test_a_token_is_shown_nowhere(sandbox: Sandbox) -> None:
    token = sandbox.users["ada"]
    ada = client(sandbox)
    ada.status(BERT)
    for shown in (repr(ada), repr(ada.config), str(ada.config), repr(ada.config.token)):
        assert token not in shown
    with pytest.raises(TypeError):
        Secret(token).__reduce__()


def test_settings_that_cannot_be_used_are_refused() -> None:
    for settings in (
        {"endpoint": "not an address"},
        {"endpoint": "https://ada:secret@example.org"},
        {"registrar": "carrier pigeon"},
        {"surprise": 1},
    ):
        with pytest.raises(InvalidInput) as refused:
            Client(**settings)
        assert "secret@" not in str(refused.value)
    assert Client(config=Config()).endpoint == "https://huggingface.co"


def test_a_client_may_be_used_from_several_threads(sandbox: Sandbox) -> None:
    ada = client(sandbox)
    found: list[object] = []
    calls: list[Callable[[], object]] = [
        lambda: ada.status(BERT).state,
        lambda: ada.status("datasets/ada/notes").state,
    ]
    threads = [threading.Thread(target=lambda n=n: found.append(calls[n % 2]())) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["unregistered"] * 12


def test_only_what_there_is_can_be_withdrawn(sandbox: Sandbox) -> None:
    for kind in ("", "mints", "mint&what=correction"):
        with pytest.raises(InvalidInput, match="is one of mint, correction, reservation"):
            client(sandbox).withdraw(BERT, kind)  # type: ignore[arg-type]

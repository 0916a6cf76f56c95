"""Every client of ours against every kind of bad answer: each ends in one sentence, or in nothing."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import hubdoi.gateway.grants
import hubdoi.gateway.jupyterhub
import hubdoi.gateway.notices
import hubdoi.gateway.open_id
import hubdoi.gateway.relay
import hubdoi.hub.repositories
import hubdoi.identity.lookup
import hubdoi.net.http
import hubdoi.sandbox.webhook_sender
from hubdoi.gateway.database import migrate, open_database
from hubdoi.jupyter import server_sandbox
from hubdoi.minting.ledger import Ledger
from hubdoi.net.operation import operation
from hubdoi.records.errors import HubdoiError
from tests.hostile import hostile_server
from tests.hostile.clients import CLIENTS, SECRETS, prepared
from tests.hostile.hostile_server import Case, HostileServer, answer, redirect
from tests.hostile.unseen import assert_unseen

SLOW = ("slow_headers", "endless_interim_answers", "endless_trailers", "slow_body", "trickled_gzip", "silence")  # fmt: skip
LARGE = ("gzip_bomb", "nested_gzip_bomb", "many_values", "huge_headers")
# These take long; what reads an answer is the same for the others.
WITH_LARGE = ("doi api: status", "gateway: account", "hub: tree", "datacite: record", "orcid", "jupyterhub: user", "relay", "notices", "webhook", "jupyter server")  # fmt: skip
BAD = (
    "unasked_compression", "broken_gzip", "no_http", "nonsense_retry_after", "huge_integer", "deep_nesting", "endless_pages", "pages_in_a_circle",
    "link_to_a_longer_host", "link_that_is_no_url", "short_body", "long_body", "two_lengths",
    "negative_length", "page_of_html", "no_content", "empty_body", "broken_text", "not_a_number", "a_long_refusal",
)  # fmt: skip
LIMIT = 0.15


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("migrated")
    database = open_database(None, folder)
    migrate(database)
    Ledger(database, hub="hub", endpoint="https://hub.invalid")
    database.close()
    return folder


@pytest.fixture
def folder(tmp_path: Path, migrated: Path) -> Path:
    return prepared(tmp_path, migrated)


@pytest.fixture(autouse=True)
def limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubdoi.net.http, "ATTEMPTS", 1)
    monkeypatch.setattr(hubdoi.hub.repositories, "MOST_PAGES", 5)
    monkeypatch.setattr(hubdoi.identity.lookup, "_KEPT", 0)
    monkeypatch.setattr(hubdoi.identity.lookup, "_count", lambda kind, base: None)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in (
        (hubdoi.net.http, "LONGEST_OPERATION"),
        (hubdoi.gateway.notices, "SECONDS"),
        (hubdoi.gateway.relay, "SECONDS"),
        (hubdoi.gateway.grants, "_SECONDS"),
        (hubdoi.gateway.jupyterhub, "_SECONDS"),
        (hubdoi.gateway.open_id, "_PATIENCE"),
        (hubdoi.identity.lookup, "SECONDS"),
        (hubdoi.hub.repositories, "LONGEST_LIST"),
        (hubdoi.sandbox.webhook_sender, "DEADLINE"),
        (server_sandbox, "_SECONDS"),
    ):
        assert isinstance(getattr(module, name), float | int)
        monkeypatch.setattr(module, name, LIMIT)


def _asked(client: str, url: str, folder: Path, *, in_their_words: bool = False) -> object:
    """What the client found; None where it says in a sentence why not.

    With `in_their_words` the server may have said what is repeated: then it need not be a sentence.
    """
    try:
        return CLIENTS[client](url, folder)
    except HubdoiError as error:
        message = error.message
        assert message == " ".join(message.split()), "one line"
        assert 0 < len(message) < 1000
        assert in_their_words or message[-1] in ".?'" or re.search(r"%doi [a-z/ -]+$", message), (
            message
        )
        assert message.isprintable()
        assert_unseen(error, *SECRETS.values())
        return None


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("client", CLIENTS)
def test_a_slow_answer_ends_in_time(client: str, folder: Path) -> None:
    for case in SLOW:
        with HostileServer(getattr(hostile_server, case)) as server, operation(lambda: LIMIT):
            # The status of a webhook's receiver is enough, however slow its body is.
            assert not _asked(client, server.endpoint, folder), case
            assert server.requests <= 2, case


@pytest.mark.parametrize("client", CLIENTS)
def test_a_bad_answer_is_one_sentence(client: str, folder: Path) -> None:
    for case in (*BAD, *(LARGE if client in WITH_LARGE else ())):
        with HostileServer(getattr(hostile_server, case)) as server:
            try:
                assert not _asked(client, server.endpoint, folder)
                assert server.requests <= 12
            except Exception as error:
                error.add_note(case)
                raise


@pytest.mark.parametrize("client", CLIENTS)
def test_a_redirect_takes_no_secret_along(client: str, folder: Path) -> None:
    with HostileServer(answer(200, b"{}")) as elsewhere:
        port = elsewhere.endpoint.rpartition(":")[2]
        places = (f"{elsewhere.endpoint}/x", f"http://localhost:{port}/x", f"//127.0.0.1:{port}/x", "file:///etc/passwd", "ftp://127.0.0.1/x", "http://[", "/again", "https:///x", "http://127.0.0.1:0/x")  # fmt: skip
        for place, status in itertools.product(places, (301, 307)):
            with HostileServer(redirect(place, status)) as server:
                assert not _asked(client, server.endpoint, folder), place
        sent = b"".join(elsewhere.received)
    assert not [name for name, secret in SECRETS.items() if secret.encode() in sent]
    assert b"Authorization" not in sent
    assert b"Cookie" not in sent


# The keys that any client of ours looks for.
KEYS = """
    data attributes id doi state head repo type versions terms text digest locked can_mint name
    fullname orgs roleInOrg sha siblings rfilename cardData tags authorData _id private lastModified
    path size oid lfs title date expanded-result family-names given-names orcid-id institution-name
    items names types value locations geonames_details country_name status iss sub aud nonce exp
    preferred_username groups access_token id_token refresh_token expires_in interval device_code
    user_code verification_uri authorization_endpoint token_endpoint userinfo_endpoint kind scopes
    version error code endpoint datacite users url webhooks hub told account institution handle token
    pending slow_down ended activities changes action at by reserved suggested_authors obstacle
    waiting message
    creators titles publisher publicationYear relatedIdentifiers descriptions rightsList dates
    identity number reason prefixes isActive relationships links
""".split()
VALUES = (5, True, None, "", [], [5], {"x": 5}, 10**400, 1e400, "\ud800", "http://[")


def _shapes() -> Iterator[object]:
    yield from VALUES
    yield dict.fromkeys(KEYS, "x" * 10_000)
    for value in VALUES:
        flat = dict.fromkeys(KEYS, value)
        yield flat
        yield [flat]
        if value == 10**400:
            # Ten thousand times it would be 5 MB; a number is refused from twenty digits on.
            flat = dict.fromkeys(KEYS, 10**20)
        nested = dict.fromkeys(KEYS, flat)
        yield nested
        yield {**nested, **{key: [flat] for key in ("data", "items", "versions", "orgs", "names")}}
        yield {"expanded-result": [flat], "items": [{**flat, "names": [flat], "locations": [flat]}], "data": [{"attributes": flat}]}  # fmt: skip


BODIES = [json.dumps(shape).replace("Infinity", "1e400").encode() for shape in _shapes()]


# These read no more than the status of an answer, or pass it on as it is.
READERS = [client for client in CLIENTS if client not in ("notices", "webhook", "relay")]


@pytest.mark.parametrize("client", READERS)
def test_an_answer_of_another_shape_is_one_sentence(client: str, folder: Path) -> None:
    said: list[Case] = []
    # The DOI API's errors have a shape too.
    statuses = (200, 409) if client.startswith(("doi api", "gateway")) else (200,)
    with HostileServer(lambda *of: said[-1](*of)) as server:
        for body, status in itertools.product(BODIES, statuses):
            said.append(answer(status, body, "application/json", "Connection: close"))
            try:
                _asked(client, server.endpoint, folder, in_their_words=True)
            except Exception as error:
                error.add_note(f"HTTP {status}: {body[:300]!r}")
                raise


@pytest.mark.parametrize(
    "endpoint", ["http://[", "file:///etc/passwd", "ftp://provider.example", "//provider.example", "http://provider.example/token", 5, None, "https://a@provider.example/t"],
)  # fmt: skip
def test_a_provider_names_no_other_kind_of_endpoint(endpoint: object, folder: Path) -> None:
    told = json.dumps(dict.fromkeys(("authorization_endpoint", "token_endpoint"), endpoint))
    with HostileServer(answer(200, told.encode())) as server:
        assert not _asked("openid: begin", server.endpoint, folder)
        assert server.requests == 1

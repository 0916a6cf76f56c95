"""Sign in with the Hub from a notebook: kept encrypted, renewed once, ended at once."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from starlette.testclient import TestClient

from hubdoi.commands.context import Context
from hubdoi.commands.run import run
from hubdoi.commands.session import Session
from hubdoi.config import Secret
from hubdoi.gateway import grants as module
from hubdoi.gateway.app import create_app
from hubdoi.gateway.institution import Institution
from hubdoi.gateway.settings import Settings
from hubdoi.gateway.tables import grants
from hubdoi.records import Message
from hubdoi.records.errors import ConsentRequired, InvalidInput, SignInRequired, UsageError
from hubdoi.sandbox import Sandbox
from hubdoi.sandbox.oauth_tables import TOKENS

from .conftest import environment

REPO = "ada/tiny-bert"


def variables(hub: Sandbox, database: str) -> dict[str, str]:
    application, _ = hub.world.oauth.register("The library", [], public=True)
    return environment(
        hub,
        database,
        HUBDOI_GATEWAY_INSTITUTION="The library",
        HUBDOI_GATEWAY_HUB_CLIENT=application.id,
        HUBDOI_GATEWAY_KEY=Fernet.generate_key().decode(),
    )


@pytest.fixture
def institution(plain_hub: Sandbox, database_url: str) -> Any:
    made = Institution(Settings.read(variables(plain_hub, database_url)))
    yield made
    made.close()


def decide(hub: Sandbox, code: str, username: str | None) -> None:
    device = hub.world.oauth.device(code)
    assert device is not None
    hub.world.oauth.answer_device(device, username)


def signed_in(institution: Institution, hub: Sandbox) -> Secret:
    begun = institution.grants.begin(None)
    decide(hub, begun["user_code"], "ada")
    signed = institution.grants.finish(begun["handle"], None, institution.hub_name)
    assert isinstance(signed, module.Signed)
    assert signed.username == "ada"
    assert signed.token is not None
    return signed.token


def revoke_everything(hub: Sandbox) -> None:
    """As a person does on the Hub's page of connected applications."""
    with hub.world.oauth._database.transaction() as db:
        db.execute(TOKENS.delete())


def deciding(hub: Sandbox, username: str | None) -> Callable[[object], None]:
    def show(shown: object) -> None:
        code = re.search(r"the code (\S+);", str(shown)) if isinstance(shown, Message) else None
        if code:
            decide(hub, code[1], username)

    return show


def test_a_person_signs_in_mints_and_signs_out(
    serve_here: Callable[..., str], plain_hub: Sandbox, database_url: str
) -> None:
    url = serve_here(variables(plain_hub, database_url))
    context = Context(Session(), show=deciding(plain_hub, "ada"))
    run(["use", url], context)
    assert not context.session.config().is_signed_in
    assert run(["login"], context).person.username == "ada"
    assert context.session.config().token is None
    with pytest.raises(ConsentRequired):
        run(["mint", REPO], context)
    version = run(["mint", REPO, "--agree"], context)
    assert version.doi
    token = context.session.config().identity
    assert "deleted" in str(run(["logout"], context))
    assert not context.session.config().is_signed_in
    context.session.sign_in(token.reveal())
    assert "%doi login" in (context.session.connection().note or "")


def test_who_asks_too_often_asks_less_often(
    serve_here: Callable[..., str],
    plain_hub: Sandbox,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = serve_here(variables(plain_hub, database_url))
    monkeypatch.setattr("hubdoi.sandbox.oauth.POLL_SECONDS", 3600)
    slept: list[float] = []
    codes: list[str] = []

    def show(shown: object) -> None:
        code = re.search(r"the code (\S+);", str(shown))
        if code:
            codes.append(code[1])

    def sleep(seconds: float) -> None:
        # It does not sleep, so that the Hub is asked too often.
        slept.append(seconds)
        if len(slept) == 4:
            decide(plain_hub, codes[0], "ada")

    # The clock of this command alone: other threads of the process sleep as well.
    clock = SimpleNamespace(sleep=sleep, monotonic=time.monotonic)
    monkeypatch.setattr("hubdoi.commands.logins.time", clock)
    context = Context(Session(), show=show)
    run(["use", url], context)
    assert run(["login"], context).person.username == "ada"
    first = slept[0]
    assert slept == [first, first, first + 5, first + 10]


def test_people_see_and_end_what_they_allowed(institution: Institution, plain_hub: Sandbox) -> None:
    tokens = [signed_in(institution, plain_hub) for _ in range(2)]
    institution.people.put("grace", role="curator")
    institution.people.put("ada")

    def page_of(name: str) -> TestClient:
        cookies = {"hubdoi_gateway": institution.sessions.begin(name)}
        return TestClient(create_app(institution), cookies=cookies)

    ada, grace, charles = page_of("ada"), page_of("grace"), page_of("charles")
    own = ada.get("/gateway/sign-ins").text
    owners = re.findall(r'name="owner" value="([^"]+)"', own)
    assert len(set(owners)) == 2
    assert all(token.reveal() not in own for token in tokens)
    # A curator sees whose they are, and somebody else nothing; neither ends them.
    seen = grace.get("/gateway/sign-ins").text
    assert "<bdi>ada</bdi>" in seen
    assert "<button>End" not in seen
    # As a word: random letters in a form are no name.
    assert not re.search(r"\bada\b", charles.get("/gateway/sign-ins").text)
    for other in (grace, charles):
        assert end(other, owners[0]).status_code == 403
    assert end(ada, owners[0], csrf="wrong").status_code == 403
    assert len(institution.grants.all()) == 2
    assert end(ada, owners[0]).status_code == 303
    assert [one.owner for one in institution.grants.all()] == [owners[1]]
    institution.people.put("grace", role="admin")
    assert end(grace, owners[1]).status_code == 303
    assert institution.grants.all() == ()
    assert [one["who"] for one in institution.audit.entries()] == ["ada", "grace"]


def end(page: TestClient, owner: str, csrf: str | None = None) -> Any:
    found = re.search(r'name="csrf" value="([^"]+)"', page.get("/gateway/sign-ins").text)
    assert found
    form = {"owner": owner, "csrf": csrf or found[1]}
    return page.post("/gateway/sign-ins", data=form, follow_redirects=False)


def test_who_says_no_is_not_signed_in(
    serve_here: Callable[..., str], plain_hub: Sandbox, database_url: str
) -> None:
    url = serve_here(variables(plain_hub, database_url))
    context = Context(Session(), show=deciding(plain_hub, None))
    run(["use", url], context)
    with pytest.raises(SignInRequired, match="denied"):
        run(["login"], context)
    with pytest.raises(UsageError, match="HF_TOKEN"):
        run(["login"], Context(context.session, lasting=False))


def test_a_grant_that_is_revoked_before_the_mint_ends_in_a_sentence(
    serve_here: Callable[..., str], plain_hub: Sandbox, database_url: str
) -> None:
    url = serve_here(variables(plain_hub, database_url))
    context = Context(Session(), show=deciding(plain_hub, "ada"))
    run(["use", url], context)
    run(["login"], context)
    with pytest.raises(ConsentRequired):
        run(["mint", REPO], context)
    revoke_everything(plain_hub)
    with pytest.raises(SignInRequired, match="revoked or has expired, and nothing was generated"):
        run(["mint", REPO, "--agree"], context)
    assert context.session.client.status(REPO).versions == ()


def test_what_is_kept_is_encrypted(institution: Institution, plain_hub: Sandbox) -> None:
    token = signed_in(institution, plain_hub)
    owner = institution.grant(token)
    assert owner is not None
    access = institution.grants.token(owner)
    assert access is not None
    with institution.database.reading() as db:
        (row,) = db.execute(sa.select(grants)).all()
    assert row.username == "ada"
    assert access.reveal() not in str(row)
    assert token.reveal() not in str(row)


def test_a_refresh_token_is_used_once_by_however_many_ask(
    institution: Institution, plain_hub: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = institution.grant(signed_in(institution, plain_hub))
    assert owner is not None
    monkeypatch.setattr(module, "_EARLY", 10**6)
    with ThreadPoolExecutor(4) as pool:
        tokens = list(pool.map(lambda _: institution.grants.token(owner), range(8)))
    last = institution.grants.token(owner)
    assert last is not None
    assert institution.hub_name(last) == "ada"
    assert None not in tokens
    revoke_everything(plain_hub)
    with pytest.raises(SignInRequired, match="%doi login"):
        institution.grants.token(owner)
    assert institution.grants.token(owner) is None, "it is forgotten"


def test_another_person_cannot_finish_a_sign_in(
    institution: Institution, plain_hub: Sandbox
) -> None:
    begun = institution.grants.begin("person ada")
    decide(plain_hub, begun["user_code"], "ada")
    for handle, owner in ((begun["handle"], "person charles"), ("nonsense", "person ada")):
        with pytest.raises(SignInRequired, match="began elsewhere"):
            institution.grants.finish(handle, owner, institution.hub_name)
    signed = institution.grants.finish(begun["handle"], "person ada", institution.hub_name)
    assert signed is not None
    assert signed.token is None
    module.forget_person(institution.database, "ada")
    assert institution.grants.token("person ada") is None


def test_a_key_can_be_replaced_and_has_to_be_there(
    institution: Institution, plain_hub: Sandbox, database_url: str
) -> None:
    owner = institution.grant(signed_in(institution, plain_hub))
    assert owner is not None
    told = variables(plain_hub, database_url)
    old = institution.settings.key
    assert old is not None
    rotated = {**told, "HUBDOI_GATEWAY_KEY": f"{told['HUBDOI_GATEWAY_KEY']}, {old.reveal()}"}
    for environ, kept in ((rotated, True), (told, False)):
        other = Institution(Settings.read(environ), database=institution.database)
        if kept:
            assert other.grants.token(owner)
        else:
            with pytest.raises(SignInRequired, match="%doi login"):
                other.grants.token(owner)
    for key in ("", "short"):
        with pytest.raises(InvalidInput, match="HUBDOI_GATEWAY_KEY"):
            Institution(Settings.read({**told, "HUBDOI_GATEWAY_KEY": key}))

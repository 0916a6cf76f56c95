"""Curators are told by mail and over HTTP of what needs them, once, and of nobody by name."""

from __future__ import annotations

import hmac
import json
import threading
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope

from hubdoi.config import Secret
from hubdoi.gateway import care
from hubdoi.gateway.backend import backend_for
from hubdoi.gateway.institution import Institution
from hubdoi.gateway.notices import MOST_ATTEMPTS
from hubdoi.gateway.tables import notices
from hubdoi.records import MintRequest, Repo
from hubdoi.records.errors import (
    InReview,
    InvalidInput,
    InvalidMetadata,
    ServiceError,
    SignInRequired,
)
from hubdoi.sandbox import Sandbox

from .conftest import environment
from .test_work import mint, raising

REPO = Repo("model", "ada/tiny-bert")
URL = "https://dois.example.org"
Open = Callable[..., Institution]


class AnyPort(Controller):
    """A server on a free port."""

    def _trigger_server(self) -> None:
        self.port: int = self.server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        super()._trigger_server()


class Mailbox:
    """A mail server that keeps what it is sent."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.logins: list[bytes] = []
        self.refuses = False
        self.controller = AnyPort(
            self,
            hostname="127.0.0.1",
            port=0,
            ready_timeout=60.0,
            auth_require_tls=False,
            authenticator=self.login,
        )

    def login(self, _server: Any, _session: Any, _envelope: Any, _how: Any, data: Any) -> Any:
        self.logins += [data.login, data.password]
        return AuthResult(success=True)

    async def handle_DATA(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Envelope
    ) -> str:
        if self.refuses:
            return "451 Not now"
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(message_from_bytes(content, policy=policy.default))  # type: ignore[arg-type]
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    found = Mailbox()
    found.controller.start()
    yield found
    found.controller.stop()


def configured(mailbox: Mailbox) -> dict[str, str]:
    return {
        "HUBDOI_GATEWAY_SMTP": f"smtp://library:pass%20word@127.0.0.1:{mailbox.controller.port}",
        "HUBDOI_GATEWAY_MAIL_TO": "curators@example.org, grace@example.org",
        "HUBDOI_CONTACT": "dois@example.org",
    }


def ask(institution: Institution, sandbox: Sandbox, title: str = "A title") -> None:
    request = MintRequest(agree=True, terms=institution.registrar.terms.digest, title=title)
    with pytest.raises(InReview):
        backend_for(institution, Secret(sandbox.users["ada"])).mint(REPO, request)


def send_all(institution: Institution) -> None:
    while institution.notices.attempt(URL):
        pass


def hurry(institution: Institution) -> None:
    with institution.database.transaction() as db:
        db.execute(notices.update().values(due=0.0))


def test_a_password_that_is_refused_is_told_once_until_it_is_mended(
    institution_of: Open,
    plain_hub: Sandbox,
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    institution = institution_of(**configured(mailbox))

    def refused(name: str) -> None:
        repo = Repo("model", f"ada/{name}")
        api = plain_hub.hf_api("ada")
        api.create_repo(repo.id)
        api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=repo.id)
        request = MintRequest(agree=True, terms=institution.registrar.terms.digest)
        with pytest.raises(ServiceError, match="those who run the gateway"):
            backend_for(institution, Secret(plain_hub.users["ada"])).mint(repo, request)

    for number in (1, 2):
        with monkeypatch.context() as patched:
            refuse = raising(SignInRequired("DataCite does not accept the password."))
            patched.setattr(institution.registrar, "register", refuse)
            refused(f"first-{number}")
            refused(f"second-{number}")
            institution.work.retry(institution.ledger.unfinished()[0].id)
            assert institution.work.run(threading.Event(), until_idle=True) == 0
            send_all(institution)
        assert len(mailbox.mails) == number
        mail = mailbox.mails[-1]
        assert mail["Subject"] == "DOIs of The institution: 1 refused access"
        assert "hubdoi gateway doctor says what is wrong" in mail.get_content()
        assert f"{URL}/gateway/work" in mail.get_content()
        for entry in institution.ledger.unfinished():
            institution.work.retry(entry.id)
        assert institution.work.run(threading.Event(), until_idle=True) == 2


def test_a_new_request_is_one_mail(
    institution_of: Open, plain_hub: Sandbox, mailbox: Mailbox
) -> None:
    institution = institution_of(HUBDOI_GATEWAY_REVIEW="1", **configured(mailbox))
    ask(institution, plain_hub)
    (review,) = institution.reviews.all("waiting")
    # The same request with another title is the one that waits already.
    ask(institution, plain_hub, "Another title")
    send_all(institution)
    (mail,) = mailbox.mails
    assert mail["Subject"] == "DOIs of The institution: 1 waiting for a decision"
    assert mail["To"] == "curators@example.org, grace@example.org"
    assert str(review.version.doi) in mail.get_content()
    assert f"{URL}/gateway/requests/{review.id}" in mail.get_content()
    assert "Lovelace" not in mail.as_string()
    assert mailbox.logins == [b"library", b"pass word"]


def test_a_mail_that_was_not_taken_is_sent_later(
    institution_of: Open,
    plain_hub: Sandbox,
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    institution = institution_of(**configured(mailbox))
    monkeypatch.setattr(institution.registrar, "register", raising(InvalidMetadata("No title.")))
    with pytest.raises(InvalidMetadata):
        mint(institution, plain_hub)
    mailbox.refuses = True
    send_all(institution)
    assert "SMTPDataError" in caplog.text
    assert "pass" not in caplog.text
    mailbox.refuses = False
    send_all(institution)
    assert mailbox.mails == [], "it is not due yet"
    hurry(institution)
    send_all(institution)
    (mail,) = mailbox.mails
    assert mail["Subject"].endswith("1 failed")
    assert f"{URL}/gateway/work" in mail.get_content()
    mailbox.refuses = True
    institution.notices.add("parked", "10.5072/x")
    with institution.database.transaction() as db:
        db.execute(notices.update().values(attempts=MOST_ATTEMPTS))
    send_all(institution)
    with institution.database.reading() as db:
        assert db.execute(notices.select()).all() == []


def test_a_url_is_told_with_a_signature(institution_of: Open, plain_hub: Sandbox) -> None:
    received: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((dict(self.headers), body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    institution = institution_of(
        HUBDOI_GATEWAY_REVIEW="1",
        HUBDOI_GATEWAY_NOTIFY=f"http://127.0.0.1:{server.server_port}/hook",
        HUBDOI_GATEWAY_NOTIFY_SECRET="shared",
    )
    ask(institution, plain_hub)
    send_all(institution)
    server.shutdown()
    server.server_close()
    ((headers, body),) = received
    (told,) = json.loads(body)["notices"]
    assert (told["kind"], told["url"]) == ("request", f"{URL}/gateway/requests/1")
    assert told["sentence"] in json.loads(body)["text"]
    signed = headers["X-Hubdoi-Timestamp"].encode() + b"." + body
    wanted = hmac.digest(b"shared", signed, "sha256").hex()
    assert headers["X-Hubdoi-Signature"] == f"sha256={wanted}"


@pytest.mark.parametrize(
    ("variables", "word"),
    [
        ({"HUBDOI_GATEWAY_SMTP": "mail.example.org"}, "smtp://"),
        ({"HUBDOI_GATEWAY_SMTP": "smtp://mail.example.org"}, "MAIL_TO"),
        (
            {
                "HUBDOI_GATEWAY_SMTP": "smtp://mail.example.org",
                "HUBDOI_GATEWAY_MAIL_TO": "a@x.org\nBcc: b@x.org",
                "HUBDOI_CONTACT": "c@x.org",
            },
            "e-mail address",
        ),
        ({"HUBDOI_GATEWAY_NOTIFY": "http://chat.example.org/hook"}, "https://"),
    ],
)
def test_a_channel_that_cannot_be_used_is_a_sentence(
    tmp_path: Any, variables: dict[str, str], word: str
) -> None:
    from hubdoi.gateway.notices import Notices
    from hubdoi.gateway.settings import Settings
    from hubdoi.minting.database import Database

    with pytest.raises(InvalidInput, match=word):
        Notices(Settings.read(variables), Database(tmp_path / "x.db"))


def test_the_doctor_tries_the_mail_server(
    mailbox: Mailbox, plain_hub: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = environment(plain_hub, f"sqlite:///{tmp_path / 'gateway.db'}")
    for name, value in {**variables, **configured(mailbox)}.items():
        monkeypatch.setenv(name, value)
    assert "127.0.0.1 takes mail from here." in str(care.doctor())
    assert mailbox.mails == []
    monkeypatch.setenv("HUBDOI_GATEWAY_SMTP", "smtp://library:secret@127.0.0.1:9")
    found = care.doctor()
    assert [one.kind for one in found.findings if one.is_problem] == ["mail"]
    assert "Connection refused" in str(found)
    assert "secret" not in str(found)

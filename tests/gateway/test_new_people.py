"""A person who is new to a gateway: what they are told, and how they sign in."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from hubdoi.commands.context import Context
from hubdoi.commands.run import run
from hubdoi.commands.session import Session
from hubdoi.gateway.backend import backend_for
from hubdoi.gateway.institution import Institution
from hubdoi.records import MintRequest, Repo
from hubdoi.records.errors import SignInRequired
from tests.sandbox.plain_browser import Browser

from .conftest import Served

REPO = "ada/tiny-bert"


def test_a_new_notebook_signs_in_to_the_demo(
    serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, line = serve({}, "--demo")
    # A token of the environment is for no URL that somebody typed.
    monkeypatch.setenv("HF_TOKEN", line["users"]["ada"])
    context = Context(
        Session(), show=entering(SimpleNamespace(endpoint=line["hub"], users=line["users"]))
    )
    run(["use", line["endpoint"]], context)
    status: Any = run(["status", REPO], context)
    assert "%doi login" in status.obstacle
    run(["login"], context)
    status = run(["status", REPO], context)
    assert status.can_mint


def entering(hub: Any) -> Callable[[object], None]:
    """What a person does who is shown a code: sign in at the Hub, enter it, and allow it."""

    def show(shown: object) -> None:
        code = re.search(r"the code (\S+);", str(shown))
        if code:
            browser = Browser(hub).sign_in("ada")
            page = browser.open(f"/device?user_code={code[1]}")
            browser.send(page.form("/device"), {"do": "allow"})

    return show


def test_without_sign_in_it_says_how_a_token_gets_there(
    institution_of: Callable[..., Institution],
) -> None:
    institution = institution_of()
    institution.url = "https://dois.example.org"
    status = backend_for(institution, None).status(Repo("model", REPO))
    assert "HUBDOI_GATEWAY_URL to https://dois.example.org" in (status.obstacle or "")
    with pytest.raises(SignInRequired, match="HF_TOKEN"):
        backend_for(institution, None).mint(Repo("model", REPO), MintRequest())

"""``%doi request`` at a gateway: whom to ask instead of a Hub's support."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from hubdoi.hub.doi_api import DoiApi
from hubdoi.net.http import Http
from hubdoi.records import Repo
from hubdoi.records.errors import PolicyRefused
from hubdoi.sandbox import Sandbox

from .conftest import environment


@pytest.mark.parametrize(
    ("more", "whom"),
    [
        ({"HUBDOI_CONTACT": "dois@example.org"}, r"write to dois@example\.org\.$"),
        ({}, r"write to those who run the gateway\.$"),
    ],
)
def test_r10_who_asks_for_support_learns_whom_to_ask(
    plain_hub: Sandbox,
    serve_here: Callable[[Mapping[str, str]], str],
    migrated_sqlite: str,
    tmp_path: Path,
    more: dict[str, str],
    whom: str,
) -> None:
    file = shutil.copyfile(migrated_sqlite, tmp_path / "gateway.db")
    url = serve_here(environment(plain_hub, f"sqlite:///{file}", **more))
    api = DoiApi(Http(url), url)
    with pytest.raises(PolicyRefused, match=whom) as told:
        api.request_support(Repo("model", "ada/tiny-bert"), "delete", "It is empty.")
    assert "does not lock ada/tiny-bert for a DOI of The institution" in told.value.message

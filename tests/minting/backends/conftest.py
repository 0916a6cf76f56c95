"""An institution's account at the sandbox's DataCite, for repositories on a Hub without a DOI API."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from hubdoi.client import Client
from hubdoi.sandbox import Sandbox


@pytest.fixture
def institution(plain_hub: Sandbox) -> Callable[..., Client]:
    """``institution("ada", datacite_api=…)``: a client that mints at DataCite."""

    def client(user: str | None = "ada", **settings: object) -> Client:
        account = plain_hub.datacite_repository
        return Client(
            **{
                "endpoint": plain_hub.endpoint,
                "token": plain_hub.users[user] if user else False,
                "registrar": "datacite",
                "datacite_api": plain_hub.datacite_url,
                "datacite_repository": account["username"],
                "datacite_password": account["password"],
                "datacite_prefix": account["prefix"],
                **settings,
            }
        )

    return client


@pytest.fixture
def at_datacite(plain_hub: Sandbox) -> Callable[[], list[dict[str, object]]]:
    """All records that the account has at DataCite, drafts included."""

    def records() -> list[dict[str, object]]:
        account = plain_hub.datacite_repository
        answer = httpx.get(
            f"{plain_hub.datacite_url}/dois",
            params={"client-id": account["username"].lower(), "page[size]": 1000},
            auth=(account["username"], account["password"]),
        )
        return [entry["attributes"] for entry in answer.raise_for_status().json()["data"]]

    return records


@pytest.fixture
def push(plain_hub: Sandbox) -> Callable[[str], str]:
    """Push a commit to the model ada/tiny-bert; its id."""

    def pushed(text: str) -> str:
        made = plain_hub.hf_api("ada").upload_file(
            path_or_fileobj=text.encode(), path_in_repo="log.txt", repo_id="ada/tiny-bert"
        )
        return str(made.oid)

    return pushed

"""The DataCite account of a sandbox, for the tests of its DataCite API."""

from __future__ import annotations

import json
from typing import Any

import httpx

from hubdoi.sandbox import Sandbox

__all__ = ["JSON_API", "URL", "account_of", "body", "ids", "metadata"]

JSON_API = "application/vnd.api+json"
URL = "https://example.org/object"


def metadata(**more: Any) -> dict[str, Any]:
    return {
        "creators": [
            {
                "name": "Lovelace, Ada",
                "nameType": "Personal",
                "affiliation": [
                    {"name": "Analytical Engine", "affiliationIdentifier": "https://ror.org/x"}
                ],
            }
        ],
        "titles": [{"title": "Notes on the Engine"}],
        "publisher": {"name": "Taylor", "publisherIdentifier": "https://ror.org/y"},
        "publicationYear": 1843,
        "types": {"resourceTypeGeneral": "Text"},
        **more,
    }


def account_of(sandbox: Sandbox) -> httpx.Client:
    account = sandbox.datacite_repository
    return httpx.Client(
        base_url=sandbox.datacite_url,
        auth=(account["username"], account["password"]),
        headers={"Content-Type": JSON_API},
    )


def body(**attributes: Any) -> str:
    return json.dumps({"data": {"type": "dois", "attributes": attributes}})


def ids(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [entry["id"] for entry in answer.json()["data"]]

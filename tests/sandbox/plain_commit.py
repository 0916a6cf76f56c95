"""Commits as a client makes them that checks no card beforehand."""

from __future__ import annotations

import json
from base64 import b64encode

import httpx

from hubdoi.sandbox import Sandbox


def commit_card(running: Sandbox, content: str) -> str:
    """Commit a README.md to ada/tiny-bert as ada; the answer is the new revision."""
    file = {
        "path": "README.md",
        "content": b64encode(content.encode()).decode(),
        "encoding": "base64",
    }
    lines = [{"key": "header", "value": {"summary": "Card"}}, {"key": "file", "value": file}]
    answer = httpx.post(
        f"{running.endpoint}/api/models/ada/tiny-bert/commit/main",
        content="\n".join(map(json.dumps, lines)),
        headers={"Authorization": f"Bearer {running.users['ada']}"},
        timeout=60,
    )
    return str(answer.raise_for_status().json()["commitOid"])

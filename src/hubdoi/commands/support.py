"""``sandbox requests`` and ``sandbox grant``: what support does, on a running sandbox."""

from __future__ import annotations

from pathlib import Path

from ..config import Secret
from ..hub.wire import error_from_answer
from ..net.http import Answer, Http
from ..records import Message
from ..records.errors import ServiceError
from .sandboxes import sandbox_module


def requests(data: Path | None) -> Message:
    """The requests to the sandbox that serves `data`, or that was served last; oldest first."""
    answer = _answer(data, "GET", "/api/support/requests")
    found = answer.json.get("requests", [])
    lines = [
        f"{entry['number']}  {entry['state']:<7}  {entry['action']} {_shown(entry['repo'])}"
        + (f" to {entry['to']}" if entry.get("to") else "")
        + f"  by {entry['by']}: {entry['reason']}"
        for entry in found
    ]
    count = "1 request" if len(found) == 1 else f"{len(found)} requests"
    return Message(
        f"{count} to support:" if found else "There are no requests.", found, "\n".join(lines)
    )


def grant(number: int, data: Path | None) -> Message:
    answer = _answer(data, "POST", f"/api/support/requests/{number}/grant")
    entry = answer.json
    done = {"delete": "is deleted", "move": f"is now {entry.get('to')}", "private": "is private"}
    return Message(
        f"Granted: {_shown(entry['repo'])} {done[entry['action']]}; its DOIs still resolve.", entry
    )


def _answer(data: Path | None, method: str, path: str) -> Answer:
    endpoint, token = sandbox_module("running").running(data)
    http = Http(endpoint, token=Secret(token))
    try:
        answer = http.request(method, path)
    finally:
        http.close()
    if answer.status >= 400:
        raise error_from_answer(
            answer.status, answer.json, fallback="The sandbox refused the request."
        )
    if not isinstance(answer.json, dict):
        raise ServiceError("The sandbox did not return JSON; is another server at its port?")
    return answer


def _shown(repo: dict[str, str]) -> str:
    return ("datasets/" if repo["type"] == "dataset" else "") + repo["id"]

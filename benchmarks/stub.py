"""A Hub and a DataCite that only answer: what a gateway asks of them, the DataCite as late as asked for.

Any repository is there, with one commit and a card. DataCite knows what was written to it and, of
the account's records, as many as there are in the gateway's ledger (`made`). ``/counts`` answers with
how many requests DataCite had since it was asked the last time, and when the first and the last DOI
became public.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import Callable
from hashlib import sha1
from time import perf_counter
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

PREFIX = "10.5072"
HUB = "http://hub.invalid"
"""The Hub of a blank record; the stub writes its own URL instead."""
OWNER = "ada"
_PAGE = 1000


def revision_of(name: str) -> str:
    """The one commit of the repository `name`."""
    return sha1(name.encode()).hexdigest()


def blank(text: str, number: int) -> str:
    """`text`, a record of the repository with that number, for `filled` to make others of."""
    sha = revision_of(f"{OWNER}/made-{number}")
    return text.replace(sha, "@SHA@").replace(sha[:7], "@SHORT@").replace(str(number), "@N@")


def filled(text: str, number: int, hub: str = HUB) -> str:
    """The record of the repository with that number."""
    sha = revision_of(f"{OWNER}/made-{number}")
    text = text.replace("@SHA@", sha).replace("@SHORT@", sha[:7]).replace("@N@", str(number))
    return text.replace(HUB, hub)


class Stub:
    """Both services; `record` is what `blank` makes of a record at DataCite."""

    def __init__(self, latency: float, made: int, record: str) -> None:
        self.latency = latency
        self.made = made
        self.record = record
        self.endpoint = ""
        self._records: dict[str, dict[str, Any]] = {}
        self._requests = 0
        self._published: list[float] = []

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, bytes, str, bool]:
        """Status, body, the Link header, and whether it is DataCite's."""
        parts = urlsplit(target)
        path, query = unquote(parts.path), parse_qs(parts.query)
        if path == "/counts":
            told = {"datacite": self._requests, "published": self._published}
            self._requests, self._published = 0, []
            return 200, json.dumps(told).encode(), "", False
        if path.startswith("/datacite/"):
            self._requests += 1
            status, content = self._datacite(method, path.removeprefix("/datacite"), query, body)
            return status, content, "", True
        return *self._hub(path, query), False

    def _hub(self, path: str, query: dict[str, list[str]]) -> tuple[int, bytes, str]:
        part, _, name = path.removeprefix("/api/").partition("/")
        if path.endswith("/README.md"):
            return 200, b"---\nlicense: mit\n---\n# Model\n\nA model like many others.\n", ""
        said: Any
        if part == "whoami-v2":
            said = {"type": "user", "name": OWNER, "fullname": "Ada Lovelace", "orgs": []}
        elif part == "users":
            said = {"fullname": "Ada Lovelace"}
        elif part in ("models", "datasets") and not name:
            return self._listed(query) if part == "models" else (200, b"[]", "")
        elif part != "models":
            return 404, b'{"error": "not here"}', ""
        elif "/tree/" in name:
            said = [{"type": "file", "path": "README.md", "oid": "0" * 40, "size": 60}]
        else:
            said = self._repository(name.partition("/revision/")[0])
        return 200, json.dumps(said).encode(), ""

    def _repository(self, name: str) -> dict[str, Any]:
        return {
            "_id": f"id-{name}",
            "id": name,
            "author": OWNER,
            "private": False,
            "sha": revision_of(name),
            "lastModified": "2024-05-01T12:00:00.000Z",
            "tags": ["license:mit"],
            "cardData": {"license": "mit"},
            "siblings": [{"rfilename": "README.md"}, {"rfilename": "model.safetensors"}],
        }

    def _listed(self, query: dict[str, list[str]]) -> tuple[int, bytes, str]:
        first = int(query.get("cursor", ["0"])[0])
        last = min(first + _PAGE, self.made)
        content = [self._repository(f"{OWNER}/made-{n}") for n in range(first, last)]
        link = f'<{self.endpoint}/api/models?author={OWNER}&cursor={last}>; rel="next"'
        return 200, json.dumps(content).encode(), link if last < self.made else ""

    def _datacite(
        self, method: str, path: str, query: dict[str, list[str]], body: bytes
    ) -> tuple[int, bytes]:
        if path == "/dois" and method == "GET":
            return 200, self._list(query)
        if method == "POST":
            attributes = json.loads(body)["data"]["attributes"]
            self._records[attributes["doi"].lower()] = attributes = {**attributes, "state": "draft"}
            return 201, json.dumps({"data": {"attributes": attributes}}).encode()
        doi = path.removeprefix("/dois/").lower()
        found = self._records.get(doi)
        if found is None:
            return 404, b'{"errors": []}'
        if method == "PUT":
            found |= json.loads(body)["data"]["attributes"]
            if found.pop("event", None) == "publish":
                found["state"] = "findable"
                self._published.append(perf_counter())
        return 200, json.dumps({"data": {"attributes": found}}).encode()

    def _list(self, query: dict[str, list[str]]) -> bytes:
        following = "null"
        if "ids" in query:
            wanted = query["ids"][0].split(",")
            numbers = [doi.partition("/made.")[2] for doi in wanted]
        else:
            first = int(query.get("page[cursor]", ["1"])[0]) - 1
            last = min(first + int(query["page[size]"][0]), self.made)
            numbers = [str(n) for n in range(first, last)]
            if last < self.made:
                following = json.dumps(f"{self.endpoint}/datacite/dois?page[cursor]={last + 1}")
        entries = ",".join(self._entry(n) for n in numbers if n and int(n) < self.made)
        return f'{{"data": [{entries}], "links": {{"next": {following}}}}}'.encode()

    def _entry(self, number: str) -> str:
        text = filled(self.record, int(number), self.endpoint)
        return f'{{"id": "{PREFIX}/made.{number}", "type": "dois", "attributes": {text}}}'


class _Connection(asyncio.Protocol):
    """One connection of HTTP/1.1 whose requests come one after the other."""

    def __init__(self, stub: Stub) -> None:
        self._stub = stub
        self._received = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        lengths = [line[15:] for line in lines if line.lower().startswith("content-length:")]
        length = int(lengths[0]) if lengths else 0
        if len(rest) < length:
            return
        self._received = rest[length:]
        method, target, _ = first.split(" ")
        status, body, link, late = self._stub.answer(method, target, rest[:length])
        linked = f"Link: {link}\r\n" if link else ""
        answer = (
            f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\n{linked}"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body
        if late and self._stub.latency:
            asyncio.get_running_loop().call_later(self._stub.latency, self._transport.write, answer)
        else:
            self._transport.write(answer)


async def _serve(stub: Stub, announce: Callable[[str], None]) -> None:
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    stub.endpoint = f"http://127.0.0.1:{listening.getsockname()[1]}"
    server = await asyncio.get_running_loop().create_server(
        lambda: _Connection(stub), sock=listening
    )
    announce(stub.endpoint)
    await server.serve_forever()


def main() -> None:
    """Serve as the JSON line on standard input says, and print the URL."""
    told = json.loads(sys.stdin.readline())
    stub = Stub(told["latency"], told["made"], told["record"])
    asyncio.run(_serve(stub, lambda url: print(url, flush=True)))


if __name__ == "__main__":
    main()

"""A sandbox that answers as huggingface.co does, without a DOI API, and 50 ms late."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import uvicorn

from hubdoi.sandbox.app import create_app
from hubdoi.sandbox.world import World

LATENCY = 0.05


class Late:
    """ASGI middleware that waits before every answer, and counts the requests at ``/counts``."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._counts: Counter[str] = Counter()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/counts":
            body = json.dumps(self._counts).encode()
            self._counts.clear()
            headers = [(b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})
            return
        self._counts["datacite" if scope["path"].startswith("/datacite/") else "hub"] += 1
        await asyncio.sleep(LATENCY)
        await self._app(scope, receive, send)


def main(data: Path) -> None:
    with World(data, without_doi_api=True) as world:
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        port = listening.getsockname()[1]
        world.endpoint = f"http://127.0.0.1:{port}"
        said = {"endpoint": world.endpoint, "token": world.credentials.users["ada"]}
        print(json.dumps(said), flush=True)
        config = uvicorn.Config(
            Late(create_app(world, port=port)),
            access_log=False,
            lifespan="off",
            log_config=None,
            loop="asyncio",
        )
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main(Path(sys.argv[1]))

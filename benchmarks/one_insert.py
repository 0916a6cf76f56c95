"""The server that `mint` is compared with: the sandbox's stack, and one durable insert per request."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import sqlalchemy as sa
import uvicorn
from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from hubdoi.minting.database import Database

_METADATA = sa.MetaData()
_ROWS = sa.Table(
    "rows",
    _METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
)


def create_app(path: Path) -> FastAPI:
    database = Database(path)
    database.create(_METADATA)
    app = FastAPI()

    @app.post("/insert", status_code=201)
    async def insert(request: Request) -> JSONResponse:
        body = json.loads(await request.body())

        def carry_out() -> dict[str, object]:
            with database.transaction() as db:
                made = db.execute(_ROWS.insert().values(body=json.dumps(body)))
                return {"id": made.inserted_primary_key[0], "body": body}

        return JSONResponse(await run_in_threadpool(carry_out), status_code=201)

    return app


if __name__ == "__main__":
    # With the protocol named, asyncio switches Nagle's algorithm off.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(128)
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(Path(sys.argv[1])),
            access_log=False,
            lifespan="off",
            log_config=None,
            loop="asyncio",
        )
    )
    server.run(sockets=[listening])

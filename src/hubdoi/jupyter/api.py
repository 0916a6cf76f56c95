"""``POST hubdoi/api/NAME``: what the JupyterLab extension asks of its server.

Every route takes and returns JSON, asks for Jupyter's own authentication and XSRF token, and does
its work on threads: the event loop is never held up. Failures are ``{"message": …}`` with a status
of 400 (the request), 409 (send the whole document) or 502 (the Hub). The token for the Hub stays
in this process.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from ..net.operation import operation
from ..records.errors import HubdoiError, InvalidInput, ServiceError
from .live_document import LiveDocuments, StaleDocument

if TYPE_CHECKING:
    from .answers import Answers
    from .sandbox_keeper import SandboxKeeper

ROUTE = r"hubdoi/api/(document|cite|bibliography|bib|pins|repository|names|sandbox)"
_THREADS = 4
_MAX_BYTES = 64 * 1024 * 1024


class Api:
    """What all requests share: the documents, the threads, and the answers of each Hub."""

    def __init__(self, keeper: SandboxKeeper, root: Path | None) -> None:
        self.keeper = keeper
        self.root = root
        self.documents = LiveDocuments()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="hubdoi")
        self._answers: dict[tuple[str, str], Answers] = {}
        self._turn = asyncio.Lock()

    def stop(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def answer(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """What the route `name` answers.

        Raises:
            HubdoiError: as its message says.
        """
        hub = body.get("hub")
        if name == "sandbox":
            connection = await self.keeper.connection()
            return {"url": connection["endpoint"]}
        answers = await self._answers_of("sandbox" if hub == "sandbox" else "configured")
        work = getattr(self, f"_{name}")

        def answer() -> dict[str, Any]:
            with operation(lambda: answers.client.config.timeout):
                return dict(work(answers, body))

        return await asyncio.get_running_loop().run_in_executor(self._threads, answer)

    async def _answers_of(self, hub: str) -> Answers:
        """The answers of the configured Hub, or of this server's sandbox as its first user."""
        async with self._turn:
            if hub == "sandbox":
                connection = await self.keeper.connection()
                token = next(iter(connection["users"].values()))
                key = (hub, connection["endpoint"])
                make = self._sandbox(connection["endpoint"], token, connection["datacite"])
            else:
                key, make = (hub, ""), self._configured
            if key not in self._answers:
                loop = asyncio.get_running_loop()
                self._answers[key] = await loop.run_in_executor(self._threads, make)
            return self._answers[key]

    @staticmethod
    def _configured() -> Answers:
        from ..client import Client
        from .answers import Answers

        return Answers(Client())

    @staticmethod
    def _sandbox(endpoint: str, token: str, datacite: str) -> Callable[[], Answers]:
        def make() -> Answers:
            from ..client import Client
            from .answers import Answers

            return Answers(Client(endpoint, token, datacite_api=datacite), "sandbox")

        return make

    # The routes

    def _document(self, answers: Answers, body: Mapping[str, Any]) -> dict[str, Any]:
        document = self.documents.read(body)
        return answers.document(
            document,
            self._bibs(document.path),
            ask=body.get("ask") is True,
            refresh=body.get("refresh") is True,
        )

    def _cite(self, answers: Answers, body: Mapping[str, Any]) -> dict[str, Any]:
        format = _text(body, "format") or "bibtex"
        return answers.cite(body.get("references"), format=format, style=_text(body, "style"))

    def _bibliography(self, answers: Answers, body: Mapping[str, Any]) -> dict[str, Any]:
        return answers.bibliography(self.documents.read(body), _text(body, "style"))

    def _bib(self, answers: Answers, body: Mapping[str, Any]) -> dict[str, Any]:
        path = _text(body, "bib") or ""
        if not path.endswith(".bib"):
            raise InvalidInput("Choose a file whose name ends in .bib.")
        return answers.add_to_bib(self._file(path), body.get("references"))

    def _pins(self, answers: Answers, body: Mapping[str, Any]) -> dict[str, Any]:
        document = self.documents.read(body)
        return answers.pins(document, self._bibs(document.path), body.get("only"))

    def _repository(self, answers: Answers, body: Mapping[str, Any]) -> dict[str, Any]:
        return answers.repository(body.get("only"))

    def _names(self, answers: Answers, body: Mapping[str, Any]) -> dict[str, Any]:
        text, type = _text(body, "text") or "", _text(body, "type") or "model"
        return {"names": answers.names(text, type) if len(text) > 1 else []}

    def _bibs(self, path: str) -> list[Path]:
        """The .bib files beside a document, as `check` counts them."""
        if self.root is None:
            return []
        from ..bibliography.cited import bibs_in

        try:
            return bibs_in(self._file(path).parent)
        except (InvalidInput, OSError):
            return []

    def _file(self, path: str) -> Path:
        """The file of a path in the file browser; none outside the server's root directory."""
        if self.root is None:
            raise InvalidInput("This server keeps its files where hubdoi cannot write.")
        root = self.root.resolve()
        try:
            file = (root / path.lstrip("/")).resolve()
        except (OSError, ValueError):
            raise InvalidInput(f"{path[:200]!r} is not a path.") from None
        if not file.is_relative_to(root):
            raise InvalidInput(f"{path} is outside the folder that this server serves.")
        return file


class ApiHandler(APIHandler):
    auth_resource = "hubdoi"

    def initialize(self, api: Api) -> None:
        self.api = api

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        self.set_header("Cache-Control", "no-store")
        try:
            answer = await self.api.answer(name, self._body())
        except HubdoiError as error:
            self.set_status(_status(error))
            answer = {"message": error.message}
        self.finish(json.dumps(answer))

    def _body(self) -> Mapping[str, Any]:
        if len(self.request.body) > _MAX_BYTES:
            raise InvalidInput("This document is larger than 64 MiB.")
        try:
            body = json.loads(self.request.body or b"{}")
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise InvalidInput("The body is not a JSON object.")
        return body


def _status(error: HubdoiError) -> int:
    if isinstance(error, StaleDocument):
        return 409
    return 502 if isinstance(error, ServiceError) else 400


def _text(body: Mapping[str, Any], name: str) -> str | None:
    value = body.get(name)
    return value if isinstance(value, str) and value else None

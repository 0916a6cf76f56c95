"""The Jupyter Server extension: what the JupyterLab extension asks (`api`), and one sandbox for all
notebooks of that server.

The sandbox starts at the first ``%doi use sandbox`` of any notebook, keeps its data under Jupyter's data
directory, and ends with the server: it runs on a thread of it. Kernels inherit the name of the
server's own connection file (`server_sandbox.VARIABLE`), which only this user can read.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_core.paths import jupyter_data_dir
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.utils import url_path_join
from tornado import web
from traitlets import Unicode

from .._version import __version__
from ..records.errors import HubdoiError, SandboxError
from . import api
from .server_sandbox import ROUTE, VARIABLE

if TYPE_CHECKING:
    from ..sandbox import Sandbox


_SERVERS_AT_ONCE = 20


class SandboxKeeper:
    """The sandbox of one Jupyter server, started by the first who asks.

    `directory` is where its data stays. A second Jupyter server that runs at the same time has
    its own beside it, because one directory serves one process.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._sandbox: Sandbox | None = None
        self._turn = asyncio.Lock()

    async def connection(self) -> dict[str, Any]:
        """Where the sandbox is, and the tokens of its people.

        Raises:
            HubdoiError: it cannot start.
        """
        async with self._turn:
            if self._sandbox is None:
                self._sandbox = await asyncio.to_thread(self._start)
            sandbox = self._sandbox
        return {
            "endpoint": sandbox.endpoint,
            "datacite": sandbox.datacite_url,
            "users": sandbox.users,
            "data": str(sandbox.world.data),
        }

    async def reset(self) -> dict[str, Any]:
        """Delete what was made in the sandbox, and say where it is.

        Raises:
            HubdoiError: it cannot start again.
        """
        async with self._turn:
            if self._sandbox is not None:
                await asyncio.to_thread(self._sandbox.reset)
        return await self.connection()

    async def stop(self) -> None:
        """Stop the sandbox, if it was started."""
        async with self._turn:
            sandbox, self._sandbox = self._sandbox, None
            if sandbox is not None:
                await asyncio.to_thread(sandbox.stop)

    def _start(self) -> Sandbox:
        from ..sandbox import Sandbox

        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        refusal: SandboxError | None = None
        for number in range(1, _SERVERS_AT_ONCE + 1):
            name = "sandbox" if number == 1 else f"sandbox-{number}"
            try:
                return Sandbox(data=self.directory / name).start()
            except SandboxError as error:
                refusal = refusal or error
        raise refusal or SandboxError("The sandbox did not start; try again.")


class SandboxHandler(APIHandler):
    """``POST hubdoi/sandbox``: start the sandbox if nobody has, and say where it is; ``DELETE``: reset it."""

    auth_resource = "hubdoi"

    def initialize(self, keeper: SandboxKeeper) -> None:
        self.keeper = keeper

    @web.authenticated
    @authorized
    async def post(self) -> None:
        await self._answer(self.keeper.connection)

    @web.authenticated
    @authorized
    async def delete(self) -> None:
        await self._answer(self.keeper.reset)

    async def _answer(self, ask: Callable[[], Awaitable[Mapping[str, Any]]]) -> None:
        try:
            answer = await ask()
        except HubdoiError as error:
            self.set_status(503)
            answer = {"message": error.message}
        self.set_header("Cache-Control", "no-store")
        self.finish(json.dumps(answer))


class HubdoiServer(ExtensionApp):
    """The extension, as ``jupyter server extension list`` names it."""

    name = "hubdoi"
    version = __version__
    description = "The models and datasets of a notebook, and one hubdoi sandbox for all notebooks."

    data = Unicode(
        help="The directory for the sandbox's data; by default one under Jupyter's data directory."
    ).tag(config=True)

    def initialize_handlers(self) -> None:
        """Add the routes, and let the kernels of this server know of it."""
        directory = Path(self.data) if self.data else Path(jupyter_data_dir()) / "hubdoi"
        self.keeper = SandboxKeeper(directory)
        self.handlers.append((url_path_join("/", ROUTE), SandboxHandler, {"keeper": self.keeper}))
        root = getattr(self.serverapp, "root_dir", None) if self.serverapp is not None else None
        self.api = api.Api(self.keeper, Path(root) if root else None)
        self.handlers.append((url_path_join("/", api.ROUTE), api.ApiHandler, {"api": self.api}))
        if self.serverapp is not None:
            os.environ[VARIABLE] = self.serverapp.info_file

    async def stop_extension(self) -> None:
        self.api.stop()
        await self.keeper.stop()


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "hubdoi.jupyter.server", "app": HubdoiServer}]

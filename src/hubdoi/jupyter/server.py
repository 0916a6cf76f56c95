"""The Jupyter Server extension: what the JupyterLab extension asks (`api`), and one sandbox for all
notebooks of that server.

The sandbox starts at the first ``%doi use sandbox`` of any notebook, keeps its data under Jupyter's data
directory, and ends with the server: it runs on a thread of it. Kernels inherit the name of the
server's own connection file (`server_sandbox.VARIABLE`), which only this user can read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_data_dir
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.utils import url_path_join
from tornado import web
from traitlets import Unicode

from .._version import __version__
from ..records.errors import HubdoiError
from . import api
from .sandbox_keeper import SandboxKeeper
from .server_sandbox import ROUTE, VARIABLE


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

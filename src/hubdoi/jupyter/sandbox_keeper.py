"""The sandbox of one Jupyter server."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..records.errors import SandboxError

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

"""A sandbox that is served: by this process, or on a thread of it."""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..config import user_path
from ..net.serving import Server, listen, serve_until_stopped, url_of
from ..records.errors import SandboxError
from .app import READERS, SLOW_READERS, WRITERS, create_app
from .running import last_port, remember_last
from .world import Seed, World

if TYPE_CHECKING:
    from huggingface_hub import HfApi


_START_SECONDS = 30
# Threads that read or write parts of large bodies, which takes no turn.
_TRANSFERS = 5


def serve(
    host: str = "127.0.0.1",
    port: int = 0,
    data: str | Path | None = None,
    seed: Seed = "demo",
    clock: str | None = None,
    without_doi_api: bool = False,
) -> int:
    """Serve until SIGTERM or SIGINT; the answer is the exit status.

    When it is ready, one line of JSON goes to standard output: where it is, and the credentials
    of its people and of its DataCite account.

    Raises:
        SandboxError: the port or the data directory is taken, or cannot be used.
    """
    with World(_path(data), seed=seed, clock=clock, without_doi_api=without_doi_api) as world:
        listening = _listen(world, host, port)
        server = _server(world, host, listening)
        remember_last(world.data)
        serve_until_stopped(server, listening, lambda: _announcement(world))
    return 0


class Sandbox:
    """A sandbox on a thread of this process::

        with Sandbox() as sandbox:
            api = sandbox.hf_api("ada")

    The arguments are those of `serve`; without `data` everything is gone when it stops.
    """

    def __init__(
        self,
        data: str | Path | None = None,
        *,
        seed: Seed = "demo",
        clock: str | None = None,
        without_doi_api: bool = False,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._data = _path(data)
        self._seed: Seed = seed
        self._clock = clock
        self._without_doi_api = without_doi_api
        self._host = host
        self._port = port
        self._temporary: Path | None = None
        self._world: World | None = None
        self._listening: socket.socket | None = None
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> Sandbox:
        """Start serving; the answer is the sandbox itself.

        Raises:
            SandboxError: it runs already, or the port or directory cannot be used.
        """
        if self._world is not None:
            raise SandboxError("This sandbox is already running; stop it first.")
        if self._data is None and self._temporary is None:
            self._temporary = Path(tempfile.mkdtemp(prefix="hubdoi-sandbox-"))
        try:
            self._begin()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop serving; doing it twice does no harm."""
        self._halt()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)
            self._temporary = None

    def reset(self) -> None:
        """Begin anew with nothing but the seed, at the same URL and with the same tokens."""
        world = self.world
        assert self._listening is not None
        # The port stays its own meanwhile: who asks now is answered when it is served again.
        kept = self._listening.dup()
        self._halt()
        for path in world.data.glob("sandbox.db*"):
            path.unlink()
        self._listening = kept
        self.start()

    @property
    def world(self) -> World:
        """What is served.

        Raises:
            SandboxError: the sandbox does not run.
        """
        if self._world is None:
            raise SandboxError("This sandbox is not running; start it first.")
        return self._world

    @property
    def endpoint(self) -> str:
        """Its URL: ``http://127.0.0.1:41233``."""
        return self.world.endpoint

    @property
    def datacite_url(self) -> str:
        """The URL of its DataCite-compatible API."""
        return f"{self.endpoint}/datacite"

    @property
    def users(self) -> dict[str, str]:
        """User name -> token."""
        return dict(self.world.credentials.users)

    @property
    def datacite_repository(self) -> dict[str, str]:
        """User name, password, API key and prefix of its DataCite account."""
        return self.world.credentials.datacite_repository

    @property
    def support_token(self) -> str:
        """What support signs in with, to see and grant requests."""
        return self.world.credentials.support_token

    def hf_api(self, user: str | None = "ada") -> HfApi:
        """huggingface_hub's own client, signed in as `user`, or as nobody."""
        from huggingface_hub import HfApi

        return HfApi(endpoint=self.endpoint, token=self.users[user] if user else False)

    def _begin(self) -> None:
        self._world = world = World(
            self._data or self._temporary,
            seed=self._seed,
            clock=self._clock,
            without_doi_api=self._without_doi_api,
        )
        listening = self._listening or _listen(world, self._host, self._port)
        self._listening = listening
        self._server = _server(world, self._host, listening)
        self._thread = threading.Thread(
            target=self._server.run,
            kwargs={"sockets": [listening]},
            name="hubdoi-sandbox",
            daemon=True,
        )
        self._thread.start()
        if not self._server.is_ready(self._thread):
            raise SandboxError("The sandbox did not start; try again.")

    def _halt(self) -> None:
        if self._server is not None:
            self._server.stop()
        if self._thread is not None:
            self._thread.join(timeout=_START_SECONDS)
        if self._world is not None:
            self._world.close()
        if self._listening is not None:
            self._listening.close()
        self._world = self._server = self._thread = self._listening = None

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"Sandbox({self._world.endpoint if self._world else 'stopped'!r})"


def _path(data: str | Path | None) -> Path | None:
    return None if data is None else user_path(data)


def _listen(world: World, host: str, port: int) -> socket.socket:
    if not port and (last := last_port(world.data)):
        # Links and panels in notebooks of yesterday name it.
        with suppress(OSError):
            return listen(host, last)
    try:
        return listen(host, port)
    except (OSError, OverflowError) as error:
        raise SandboxError(
            f"The sandbox cannot listen on {host}:{port} ({error}); choose another port."
        ) from None


def _server(world: World, host: str, listening: socket.socket) -> Server:
    world.endpoint = url_of(host, listening)
    port = listening.getsockname()[1]
    app = create_app(world, host=host, port=port)
    return Server(app, threads=READERS + SLOW_READERS + WRITERS + _TRANSFERS)


def _announcement(world: World) -> dict[str, Any]:
    return {
        "endpoint": world.endpoint,
        "datacite": f"{world.endpoint}/datacite",
        "users": dict(world.credentials.users),
        "datacite_repository": world.credentials.datacite_repository,
    }

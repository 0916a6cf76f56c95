"""What one notebook or one command line has chosen: the backend, and the terms that were shown."""

from __future__ import annotations

import atexit
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config import CHOSEN, DATACITE_TEST_API, GATEWAY_URL, TIMEOUT, Config, Secret
from ..records.errors import HubdoiError, InvalidInput, SandboxError, UsageError
from ..records.repo import HUGGING_FACE, Repo
from .sandboxes import sandbox_module

if TYPE_CHECKING:
    from concurrent.futures import Future

    from huggingface_hub import HfApi

    from ..client import Client
    from ..records import Connection, Person, Terms


class Session:
    """The choices of ``%doi use``, the client that follows from them, and what was shown.

    `traitlets` are the settings of an IPython configuration. `choices` is where the choices are
    kept; the session of a process keeps them in `config.CHOSEN`, so that `Client()` knows them.
    `find_sandbox` finds one that the surroundings share, such as a Jupyter server, and
    `reset_found_sandbox` resets it. `seen` are the repositories that commands named, and `own`
    those of the person, once the Hub has listed them.
    """

    def __init__(
        self,
        traitlets: Mapping[str, Any] | None = None,
        *,
        choices: dict[str, Any] | None = None,
    ) -> None:
        self.traitlets = dict(traitlets or {})
        self._choices: dict[str, Any] = {} if choices is None else choices
        self._client: Client | None = None
        self._sandbox: Any = None
        self.find_sandbox: Callable[[], Mapping[str, Any] | None] | None = None
        self.reset_found_sandbox: Callable[[], Mapping[str, Any] | None] | None = None
        self.seen: dict[Repo, None] = {}
        self.own: Future[list[str]] | None = None
        self._users: dict[str, Secret] = {}
        self._sandbox_address = ""
        self._sandbox_datacite = ""
        self._sandbox_data: Path | None = None
        self._shown: dict[Repo, tuple[Terms, Mapping[str, Any]]] = {}
        self._amendments: dict[str, Terms] = {}

    @property
    def client(self) -> Client:
        if self._client is None:
            from ..client import Client

            self._client = Client(config=self.config())
        return self._client

    def config(self) -> Config:
        """The settings that count now.

        Raises:
            InvalidInput, InsecureEndpoint: a setting cannot be used.
        """
        return Config.resolve(self._choices, traitlets=self.traitlets)

    def timeout(self) -> float:
        """Seconds for all the requests of one command."""
        try:
            return self.client.config.timeout
        except HubdoiError:
            # What cannot be used is said by who uses it.
            return TIMEOUT

    # Terms that were shown: consent is to exactly them, and for one DOI only (R3)

    def show_amendment(self, subject: str, terms: Terms) -> None:
        """Remember that the terms of a correction were shown."""
        self._amendments[subject] = terms

    def take_amendment(self, subject: str) -> Terms | None:
        """The terms last shown for the correction `subject`; asking forgets them."""
        return self._amendments.pop(subject, None)

    def show_terms(self, terms: Terms, metadata: Mapping[str, Any]) -> None:
        """Keep what has just been shown, in place of what was shown for the same repository before.

        `metadata` is what the person had given: the authors, the title, the description.
        """
        if terms.shown:
            self._shown[terms.shown.repo] = terms, metadata

    def shown_terms(
        self, repo: Repo, revision: str | None
    ) -> tuple[Terms, Mapping[str, Any]] | None:
        """The terms that were shown for `revision` of `repo` (None: the latest commit) and are not
        spent, with the metadata that had been given."""
        for terms, metadata in self._shown.values():
            shown = terms.shown
            if shown and shown.spent is None and shown.is_for(repo, revision):
                return terms, metadata
        return None

    # Choosing

    def use(
        self,
        target: str | None,
        *,
        user: str | None = None,
        token: str | None = None,
        test: bool = False,
        fresh: bool = False,
    ) -> Connection:
        """Choose ``sandbox``, ``hub`` (huggingface.co), ``datacite``, or a Hub by its URL.

        None chooses the institution's gateway that JupyterHub announces (HUBDOI_GATEWAY_URL).

        `user` signs in as that user of the sandbox; `test` chooses DataCite's test system; `fresh`
        starts a sandbox that only this session uses, without a DOI in it.

        Raises:
            SandboxError: there is no sandbox, or no such user in it.
            InvalidInput, InsecureEndpoint: the URL cannot be used.
        """
        from ..minting.backends import registry

        target = target or _announced()
        secret = Secret(token.strip()) if token else None
        token = None
        choices: dict[str, Any]
        if target == "sandbox":
            if fresh:
                self.start_fresh_sandbox()
            choices = self._sandbox_choices(user)
        elif target in ("hub", "huggingface", "huggingface.co"):
            choices = {"endpoint": HUGGING_FACE, "registrar": "auto"}
        elif target in registry.BACKENDS:
            choices = {**self._choices, "registrar": target}
            if test:
                choices["datacite_api"] = DATACITE_TEST_API
        elif not re.search(r"[.:]", target):
            raise InvalidInput(
                f"{target!r} is none of {', '.join(('sandbox', *registry.BACKENDS))}, and not the URL of a Hub, which starts with https://."
            )
        else:
            choices = {"endpoint": target if "://" in target else f"https://{target}"}
        if secret:
            choices["token"] = secret
        # Nothing is chosen unless everything can be used.
        registry.check(Config.resolve(choices, traitlets=self.traitlets).registrar)
        self._choose(choices)
        return self.connection()

    def _choose(self, choices: Mapping[str, Any]) -> None:
        kept = dict(choices)
        if kept != self._choices:
            # Who agrees is somebody else now, or it is about another register.
            self._shown.clear()
            self._amendments.clear()
        self._choices.clear()
        self._choices.update(kept)
        self._client = None
        self.own = None

    def connection(self, *, help: str | None = None) -> Connection:
        """Where this session is talking to, as whom, and what it can do there."""
        config = self.config()
        note: str | None = None
        from ..records.connection import Connection

        person: Person | None = None
        if config.is_signed_in:
            try:
                person = self.client.whoami()
            except HubdoiError as error:
                note = error.message
        try:
            account = self._account()
        except HubdoiError as error:
            account, note = None, note or error.message
        kind = self._kind()
        return Connection(
            endpoint=config.endpoint,
            kind="gateway" if account else kind,
            registrar=account or _registrar_in_words(config, kind),
            person=person,
            can_mint=person is not None,
            note=note,
            help=help,
        )

    def sign_in(self, token: Secret) -> None:
        """Send `token` of the gateway that this session uses from now on; it is kept in this process."""
        self._choose({**self._choices, "endpoint": self.config().endpoint, "identity": token})

    def sign_out(self) -> None:
        self._choose({name: value for name, value in self._choices.items() if name != "identity"})

    def _account(self) -> str | None:
        """Whose account registers, where this is an institution's gateway.

        Raises:
            ServiceError: it does not answer.
        """
        config = self.config()
        known = (HUGGING_FACE, self._sandbox_address)
        if config.registrar not in ("auto", "hub") or config.endpoint in known:
            return None
        return self.client.gateway.account()

    def _kind(self) -> str:
        endpoint = self.config().endpoint
        if endpoint == HUGGING_FACE:
            return "huggingface.co"
        is_sandbox = (
            endpoint == self._sandbox_address.rstrip("/") or self.client.hub.kind == "sandbox"
        )
        return "sandbox" if is_sandbox else "hub"

    # The sandbox

    def start_sandbox(self, data: Path | None = None) -> None:
        """Start the sandbox of this session, or find the one of its Jupyter server.

        One that was found before is looked for again: its server may have been restarted since.

        Raises:
            SandboxError: this session has a sandbox of its own, with other data than `data`.
        """
        if self._sandbox is not None:
            kept = self._sandbox_data
            if data is not None and (kept is None or data.resolve() != kept.resolve()):
                raise SandboxError(
                    "This session has a sandbox already; stop it first: %doi sandbox stop"
                )
            return
        found = self._running() if data is None else None
        if found is not None:
            self._remember(found["endpoint"], found["datacite"], found["users"], found.get("data"))
            return
        self._own(_embedded(data))

    def start_fresh_sandbox(self) -> None:
        """Start a sandbox of this session's own, in place of the one that it used."""
        fresh = _embedded(None)
        self.stop_sandbox()
        self._own(fresh)

    def _own(self, sandbox: Any) -> None:
        self._sandbox = sandbox
        self._remember(sandbox.endpoint, sandbox.datacite_url, sandbox.users, sandbox.world.data)
        atexit.register(self.stop_sandbox)

    def stop_sandbox(self) -> bool:
        """Stop the sandbox that this session started; whether there was one."""
        sandbox, self._sandbox = self._sandbox, None
        if sandbox is None:
            return False
        self._users = {}
        atexit.unregister(self.stop_sandbox)
        sandbox.stop()
        if self._choices.get("endpoint") == self._sandbox_address:
            self._choose({})
        return True

    def reset_sandbox(self, *, confirmed: bool = False) -> None:
        """Put the sandbox that this session uses back to its seed.

        The sandbox of a Jupyter server belongs to all its notebooks, so that resetting it has to be
        `confirmed`.

        Raises:
            SandboxError: there is none, it is another process's, or the reset was not confirmed.
        """
        if self._sandbox is None:
            self._reset_shared(confirmed)
            return
        user = next((n for n, t in self._users.items() if t == self._choices.get("token")), None)
        self._sandbox.reset()
        self._remember(
            self._sandbox.endpoint,
            self._sandbox.datacite_url,
            self._sandbox.users,
            self._sandbox.world.data,
        )
        self.use("sandbox", user=user)

    def _reset_shared(self, confirmed: bool) -> None:
        if os.environ.get("HUBDOI_SANDBOX_DATA") and self._users:
            raise SandboxError(
                "This sandbox is served by another process; stop that, delete its data directory and serve it again."
            )
        if not self._users or self.reset_found_sandbox is None:
            raise SandboxError(
                "There is no sandbox of this notebook to reset; start one with: %doi sandbox start"
            )
        if not confirmed:
            raise SandboxError(
                "This sandbox is shared by all notebooks of the Jupyter server: a reset deletes every DOI and every repository that was made in it. To do that, run: %doi sandbox reset --yes (or give this notebook a sandbox of its own: %doi use sandbox --fresh)"
            )
        user = next((n for n, t in self._users.items() if t == self._choices.get("token")), None)
        found = self.reset_found_sandbox()
        if found is None:
            raise SandboxError("The Jupyter server did not reset its sandbox; restart the server.")
        self._remember(found["endpoint"], found["datacite"], found["users"], found.get("data"))
        self.use("sandbox", user=user)

    def _remember(
        self, endpoint: str, datacite: str, users: Mapping[str, str], data: str | Path | None
    ) -> None:
        self._sandbox_address, self._sandbox_datacite = endpoint, datacite
        self._sandbox_data = Path(data) if data else None
        self._users = {name: Secret(token) for name, token in users.items()}

    def _running(self) -> Mapping[str, Any] | None:
        """A sandbox that runs already: that of the data directory in the environment, or `find_sandbox`'s."""
        directory = os.environ.get("HUBDOI_SANDBOX_DATA")
        if directory:
            connection: Mapping[str, Any] = sandbox_module("running").connection(Path(directory))
            return {**connection, "data": directory}
        return self.find_sandbox() if self.find_sandbox else None

    def sandbox_url(self, user: str | None = None) -> str:
        """The URL of the sandbox; with `user` one that signs in as them, once and soon.

        Raises:
            SandboxError: the sandbox has no such user.
            ServiceError: the sandbox does not answer.
        """
        if user is None:
            return self._sandbox_address
        if user not in self._users:
            raise SandboxError(
                f"The sandbox has no user {user!r}; its users are {', '.join(self._users)}."
            )
        from ..net.http import Http

        http = Http(self._sandbox_address, token=self._users[user])
        return str(http.request("POST", "/login/ticket", body={}).json["url"])

    @property
    def sandbox_data(self) -> Path | None:
        """The data directory of the sandbox that this session uses, or that the environment names."""
        if self._users:
            return self._sandbox_data
        directory = os.environ.get("HUBDOI_SANDBOX_DATA")
        return Path(directory) if directory else None

    @property
    def sandbox_users(self) -> tuple[str, ...]:
        return tuple(self._users)

    def _sandbox_choices(self, user: str | None) -> dict[str, Any]:
        self.start_sandbox()
        name = user or next(iter(self._users), None)
        if name not in self._users:
            raise SandboxError(
                f"The sandbox has no user {name!r}; its users are {', '.join(self._users)}."
            )
        return {
            "endpoint": self._sandbox_address,
            "datacite_api": self._sandbox_datacite,
            "registrar": "auto",
            "token": self._users[name],
        }


_current: Session | None = None


def current() -> Session:
    global _current
    if _current is None:
        _current = Session(choices=CHOSEN)
    return _current


def hf_api() -> HfApi:
    """A `huggingface_hub.HfApi` for the Hub that this session uses, signed in as the same person."""
    return current().client.hf_api()


def _announced() -> str:
    """The gateway of the environment.

    Raises:
        UsageError: the environment names none.
    """
    found = os.environ.get(GATEWAY_URL)
    if not found:
        raise UsageError(
            f"Name what to use, such as: %doi use sandbox. Without a name, {GATEWAY_URL} of the environment counts, and it is not set."
        )
    return found


def _embedded(data: Path | None) -> Any:
    sandbox = sandbox_module().Sandbox(data=data, clock=os.environ.get("HUBDOI_SANDBOX_CLOCK"))
    sandbox.start()
    return sandbox


def _registrar_in_words(config: Config, kind: str) -> str:
    if config.registrar in ("auto", "hub") and kind == "sandbox":
        return "the sandbox: its DOIs (10.5072) are for trying out, and never resolve at doi.org"
    from ..minting.backends import registry

    return registry.describe(config)

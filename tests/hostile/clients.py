"""Every client of ours, as a function that asks a server everything that it can be asked."""

from __future__ import annotations

import base64
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from hubdoi.config import Config, Secret
from hubdoi.datacite.public_records import PublicRecords
from hubdoi.datacite.registrar import DataCiteRegistrar
from hubdoi.gateway.database import open_database
from hubdoi.gateway.grants import Grants
from hubdoi.gateway.jupyterhub import JupyterHub, JupyterSignIn
from hubdoi.gateway.notices import Notices
from hubdoi.gateway.open_id import OpenId, wrapped
from hubdoi.gateway.relay import Relay
from hubdoi.gateway.settings import Settings
from hubdoi.hub.doi_api import DoiApi
from hubdoi.hub.repositories import HuggingFaceHub
from hubdoi.hub.webhook_news import heard_of
from hubdoi.identity import LookUp
from hubdoi.jupyter import server_sandbox
from hubdoi.minting.backends.resources import Resources
from hubdoi.minting.database import Database
from hubdoi.records import Doi, MintRequest, Repo
from hubdoi.records.amendment import AmendRequest
from hubdoi.sandbox import webhook_sender

REPO = Repo("model", "ada/tiny-bert")
DOI = Doi("10.5072/hf.abcdefg.12345678")
REVISION = "0123456789abcdef0123456789abcdef01234567"
SECRETS = {
    name: f"a-secret-{name}-0123456789"
    for name in ("hub", "datacite", "jupyterhub", "client", "webhook", "server", "device", "bearer")
}
"""What no other server may see."""

Call = Callable[[str, Path], object]
"""Asks the server at a URL; the folder is its own, with an empty database of a gateway in it."""


def _config(url: str) -> Config:
    return Config(
        endpoint=url,
        token=Secret(SECRETS["hub"]),
        datacite_api=url,
        datacite_repository="ADA.TEST",
        datacite_password=Secret(SECRETS["datacite"]),
        datacite_prefix="10.5072",
        orcid_api=url,
        ror_api=url,
    )


def _of_doi_api(ask: Callable[[DoiApi], object]) -> Call:
    return lambda url, folder: ask(Resources(_config(url)).doi_api)


def _of_hub(ask: Callable[[HuggingFaceHub], object]) -> Call:
    return lambda url, folder: ask(HuggingFaceHub(_config(url)))


def _of_datacite(ask: Callable[[DataCiteRegistrar], object]) -> Call:
    def call(url: str, folder: Path) -> object:
        resources = Resources(_config(url))
        return ask(DataCiteRegistrar(resources.config, resources.hub, resources.public_records))

    return call


def _of_records(ask: Callable[[PublicRecords], object]) -> Call:
    return lambda url, folder: ask(PublicRecords(_config(url)))


@contextmanager
def _gateway(url: str, folder: Path, **more: str) -> Iterator[tuple[Settings, Database]]:
    variables = {
        "HUBDOI_GATEWAY_HUB": url,
        "HUBDOI_GATEWAY_OIDC_CLIENT": "the-client",
        "HUBDOI_GATEWAY_OIDC_SECRET": SECRETS["client"],
        "HUBDOI_GATEWAY_OIDC_ISSUER": url,
        "HUBDOI_GATEWAY_HUB_CLIENT": "the-client",
        "HUBDOI_GATEWAY_HUB_CLIENT_SECRET": SECRETS["client"],
        "HUBDOI_GATEWAY_KEY": Fernet.generate_key().decode(),
        **more,
    }
    with closing(open_database(None, folder)) as database:
        yield Settings.read(variables), database


def _jupyterhub(ask: Callable[[JupyterHub], object]) -> Call:
    def call(url: str, folder: Path) -> object:
        with closing(JupyterHub(Settings.read({"HUBDOI_GATEWAY_JUPYTERHUB": url}))) as hub:
            return ask(hub)

    return call


def _sign_in(kind: type[OpenId], ask: Callable[[OpenId, str], object]) -> Call:
    """`ask` gets the provider, and its URL."""

    def call(url: str, folder: Path) -> object:
        with _gateway(url, folder, HUBDOI_GATEWAY_JUPYTERHUB=url) as (settings, database):
            return ask(kind(settings, database), url)

    return call


def _finished(provider: OpenId, url: str) -> object:
    known: Mapping[str, Any] = {
        f"{name}_endpoint": f"{url}/{name}" for name in ("authorization", "token", "userinfo")
    }
    provider._known = known
    begun = provider.begin("https://dois.example.org/back", "/gateway")
    return provider.finish("https://dois.example.org/back", begun.state, begun.state, "code")


def _userinfo(provider: OpenId, url: str) -> object:
    """Who signed in, where the token is right and the server is asked who that is."""
    provider._known = {"userinfo_endpoint": f"{url}/userinfo"}
    claims = {"iss": url, "aud": "the-client", "nonce": "n", "exp": time.time() + 60, "sub": "1"}
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    tokens = {"id_token": f"e30.{part}.x", "access_token": SECRETS["bearer"]}
    return provider._username(wrapped(tokens), "n")


def _grants(ask: Callable[[Grants], object]) -> Call:
    def call(url: str, folder: Path) -> object:
        with _gateway(url, folder) as (settings, database):
            return ask(Grants(database, settings, lambda name: None))

    return call


def _granted(grants: Grants) -> object:
    sealed = grants._opened().encrypt(json.dumps([SECRETS["device"], None]).encode()).decode()
    return grants.finish(sealed, None, lambda token: "ada")


def _refreshed(grants: Grants) -> object:
    grants._keep("person ada", "ada", {"access_token": Secret("old"), "refresh_token": Secret(SECRETS["device"]), "expires_in": 1})  # fmt: skip
    return grants.token("person ada")


def _relay(url: str, folder: Path) -> object:
    with closing(Relay(Settings.read({"HUBDOI_GATEWAY_HUB": url}))) as relay:
        relay.get("/api/models/ada/tiny-bert", "", Secret(SECRETS["hub"]))
    return None


def _notices(url: str, folder: Path) -> object:
    """Tells a receiver something; what it was told is told again later, or is done."""
    hook = {"HUBDOI_GATEWAY_NOTIFY": f"{url}/h", "HUBDOI_GATEWAY_NOTIFY_SECRET": SECRETS["webhook"]}
    with _gateway("https://hub.invalid", folder, **hook) as (settings, database):
        told = Notices(settings, database)
        told.add("parked", str(DOI))
        assert told.attempt("https://dois.example.org")
    return None


def _webhook(url: str, folder: Path) -> object:
    delivery = webhook_sender._Delivery(
        id=1,
        webhook="w",
        due=0.0,
        tries=0,
        payload="{}",
        url=f"{url}/hook",
        secret=SECRETS["webhook"],
    )
    final, _, problem = webhook_sender._send(delivery)
    assert final or problem
    assert problem is None or problem.endswith(".")
    return None


def _news(url: str, folder: Path) -> object:
    with heard_of(url, "https://hub.example", "uid") as heard:
        return heard


def _server_sandbox(url: str, folder: Path) -> object:
    connection = folder / "connection.json"
    connection.write_text(json.dumps({"url": url, "token": SECRETS["server"]}))
    with _environment(server_sandbox.VARIABLE, str(connection)):
        return server_sandbox.find()


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    from _pytest.monkeypatch import MonkeyPatch

    with MonkeyPatch.context() as changed:
        changed.setenv(name, value)
        yield


AMENDED = AmendRequest(title="A better title", agree=True, terms="x")
MINTED = MintRequest(agree=True, terms="x", revision=REVISION)

CLIENTS: dict[str, Call] = {
    "doi api: status": _of_doi_api(lambda api: api.status(REPO)),
    "doi api: terms": _of_doi_api(lambda api: api.terms(REPO)),
    "doi api: mint": _of_doi_api(lambda api: api.mint(REPO, MINTED)),
    "doi api: version": _of_doi_api(lambda api: api.version(DOI)),
    "doi api: preview": _of_doi_api(lambda api: api.preview_amendment(REPO, AMENDED)),
    "doi api: amend": _of_doi_api(lambda api: api.amend(REPO, AMENDED)),
    "doi api: activities": _of_doi_api(lambda api: api.activities(REPO, DOI)),
    "doi api: reserve": _of_doi_api(lambda api: api.reserve(REPO)),
    "doi api: release": _of_doi_api(lambda api: api.release(REPO)),
    "doi api: withdraw": _of_doi_api(lambda api: api.withdraw(REPO)),
    "doi api: support": _of_doi_api(lambda api: api.request_support(REPO, "delete", "A reason.")),
    "doi api: check": _of_doi_api(lambda api: api.check()),
    "gateway: account": _of_doi_api(lambda api: api.account()),
    "gateway: login": _of_doi_api(lambda api: api.begin_login()),
    "gateway: login finished": _of_doi_api(lambda api: api.finish_login(Secret(SECRETS["device"]))),
    "gateway: logout": _of_doi_api(lambda api: api.end_login()),
    "gateway: news": _news,
    "hub: info": _of_hub(lambda hub: hub.info(REPO, None, REVISION)),
    "hub: tree": _of_hub(lambda hub: hub.files(REPO, REVISION)),
    "hub: revisions": _of_hub(lambda hub: hub.revisions(REPO)),
    "hub: repositories": _of_hub(lambda hub: list(hub.repositories("ada"))),
    "hub: whoami": _of_hub(lambda hub: hub.whoami()),
    "datacite: record": _of_records(lambda records: records.version(DOI, refresh=True)),
    "datacite: records": _of_records(
        lambda records: records.versions([DOI, Doi("10.5072/b")], refresh=True)
    ),
    "datacite: account": _of_datacite(lambda registrar: registrar.account()),
    "datacite: draft": _of_datacite(lambda registrar: registrar.draft(DOI)),
    "datacite: discard": _of_datacite(lambda registrar: registrar.discard(DOI)),
    "orcid": lambda url, folder: LookUp(_config(url)).find("orcid", "Lovelace"),
    "ror": lambda url, folder: LookUp(_config(url)).find("ror", "Analytical"),
    "openid: begin": _sign_in(OpenId, lambda provider, url: provider.begin(url, "/gateway").url),
    "openid: token": _sign_in(OpenId, _finished),
    "openid: userinfo": _sign_in(OpenId, _userinfo),
    "jupyterhub: token": _sign_in(JupyterSignIn, _finished),
    "jupyterhub: user": _jupyterhub(lambda hub: hub.user(Secret(SECRETS["jupyterhub"]))),
    "jupyterhub: version": _jupyterhub(lambda hub: hub.version()),
    "hub sign-in: device": _grants(lambda grants: grants.begin(None)),
    "hub sign-in: token": _grants(_granted),
    "hub sign-in: refresh": _grants(_refreshed),
    "relay": _relay,
    "notices": _notices,
    "webhook": _webhook,
    "jupyter server": _server_sandbox,
}


def prepared(folder: Path, migrated: Path) -> Path:
    """`folder`, with a copy of the database of a gateway where gateways keep theirs."""
    for file in migrated.iterdir():
        shutil.copyfile(file, folder / file.name)
    return folder

"""An answer is about what was asked for: answers change places in proxies, caches, connections."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

import pytest

from hubdoi.client import Client
from hubdoi.config import Config, Secret
from hubdoi.hub.doi_api import DoiApi
from hubdoi.minting.backends.resources import Resources
from hubdoi.records import Doi, MintRequest, Repo
from hubdoi.records.amendment import AmendRequest
from hubdoi.records.errors import AlreadyRegistered, UnexpectedAnswer
from hubdoi.sandbox import Sandbox
from tests.proxy.lossy_proxy import Fault, LossyProxy

ASKED, OTHER = Repo("model", "ada/tiny-bert"), Repo("model", "ada/other")


@dataclass
class Scene:
    """Two repositories with a DOI and a later commit each, and a proxy that confuses them."""

    sandbox: Sandbox
    proxy: LossyProxy
    api: DoiApi
    resources: Resources
    first: dict[Repo, str]
    dois: dict[Repo, Doi]

    def agreed(self, repo: Repo) -> MintRequest:
        """A mint that agrees to what is shown for `repo`; asked without the proxy."""
        terms = Client(self.sandbox.endpoint, self.sandbox.users["ada"]).terms(repo)
        return MintRequest(agree=True, terms=terms.digest)

    def amended(self, repo: Repo) -> AmendRequest:
        client = Client(self.sandbox.endpoint, self.sandbox.users["ada"])
        wanted = AmendRequest(title="A better title")
        return wanted.agreed(client.preview_amendment(repo, title="A better title").terms)

    def cross(self, method: str, asked: object = ASKED.id, other: object = OTHER.id) -> None:
        self.proxy.set(Fault("crossed", method=method, path=str(asked), location=str(other)))


@pytest.fixture
def scene(sandbox: Sandbox, proxy_of: Callable[[Sandbox], LossyProxy]) -> Scene:
    hub = sandbox.hf_api("ada")
    hub.create_repo(OTHER.id)
    client = Client(sandbox.endpoint, sandbox.users["ada"])
    first, dois = {}, {}
    for repo in (ASKED, OTHER):
        for content in (b"first", b"second"):
            hub.upload_file(path_or_fileobj=content, path_in_repo="a.txt", repo_id=repo.id)
            if content == b"first":
                version = client.mint(repo, agree=client.terms(repo))
                assert version.doi and version.revision
                first[repo], dois[repo] = version.revision, version.doi
    proxy = proxy_of(sandbox)
    resources = Resources(Config(endpoint=proxy.endpoint, token=Secret(sandbox.users["ada"])))
    return Scene(sandbox, proxy, resources.doi_api, resources, first, dois)


CALLS: dict[str, tuple[str, Callable[[Scene], Callable[[], object]]]] = {
    "status": ("GET", lambda s: lambda: s.api.status(ASKED)),
    "terms": ("GET", lambda s: lambda: s.api.terms(ASKED)),
    "mint": ("POST", lambda s: _mint(s)),
    "preview": ("POST", lambda s: lambda: s.api.preview_amendment(ASKED, AmendRequest(title="x"))),
    "amend": ("POST", lambda s: _amend(s)),
    "reserve": ("POST", lambda s: lambda: s.api.reserve(ASKED)),
    "release": ("DELETE", lambda s: _release(s)),
    "support": ("POST", lambda s: lambda: s.api.request_support(ASKED, "delete", "A good reason.")),
    "info": ("GET", lambda s: lambda: s.resources.hub.info(ASKED, None)),
}


def _mint(scene: Scene) -> Callable[[], object]:
    request = scene.agreed(OTHER)
    return lambda: scene.api.mint(ASKED, request)


def _amend(scene: Scene) -> Callable[[], object]:
    request = scene.amended(OTHER)
    return lambda: scene.api.amend(ASKED, request)


def _release(scene: Scene) -> Callable[[], object]:
    for repo in (ASKED, OTHER):
        scene.api.reserve(repo)
    return lambda: scene.api.release(ASKED)


@pytest.mark.parametrize("name", CALLS)
def test_the_answer_about_another_repository_is_none(name: str, scene: Scene) -> None:
    method, prepare = CALLS[name]
    call = prepare(scene)
    scene.cross(method)
    with pytest.raises(UnexpectedAnswer, match=r"instead of|something other"):
        call()


def test_a_refusal_about_another_repository_is_none(scene: Scene) -> None:
    scene.api.mint(OTHER, scene.agreed(OTHER))
    request = scene.agreed(ASKED)
    scene.cross("POST")
    with pytest.raises(UnexpectedAnswer, match="instead of"):
        scene.api.mint(ASKED, request)
    scene.proxy.set()
    scene.api.mint(ASKED, request)
    with pytest.raises(AlreadyRegistered):
        scene.api.mint(ASKED, request)


def test_the_answer_about_another_doi_is_none(scene: Scene) -> None:
    asked, other = scene.dois[ASKED], scene.dois[OTHER]
    scene.cross("GET", asked.name.rpartition("/")[2], other.name.rpartition("/")[2])
    with pytest.raises(UnexpectedAnswer, match=str(other)):
        scene.api.version(asked)
    scene.proxy.set(
        Fault(
            "crossed",
            path=f"{ASKED.api_path}/doi/activities?doi={quote(asked.name, safe='')}",
            location=f"{OTHER.api_path}/doi/activities?doi={quote(other.name, safe='')}",
        )
    )
    with pytest.raises(UnexpectedAnswer, match=str(other)):
        scene.api.activities(ASKED, asked)


def test_the_answer_about_another_revision_is_none(scene: Scene) -> None:
    hub, first = scene.resources.hub, scene.first[ASKED]
    head = hub.info(ASKED, None).head
    assert head and head != first
    for call in (
        lambda: hub.info(ASKED, None, first),
        lambda: hub.commit_message(ASKED, first),
        lambda: hub._card_text(ASKED, first),
    ):
        scene.cross("GET", first, head)
        with pytest.raises(UnexpectedAnswer, match="something other than"):
            call()


def test_the_answer_to_a_mint_of_another_revision_is_none(scene: Scene) -> None:
    request = scene.agreed(ASKED)
    version = scene.api.mint(ASKED, request)
    scene.proxy.set(Fault("status", status=201, body=version.to_json()))
    with pytest.raises(UnexpectedAnswer, match="instead of"):
        scene.api.mint(ASKED, MintRequest(agree=True, terms="x", revision=scene.first[ASKED]))


def test_a_repository_is_itself_under_its_old_name(sandbox: Sandbox) -> None:
    api = sandbox.hf_api("ada")
    api.create_repo("ada/before")
    api.upload_file(path_or_fileobj=b"x", path_in_repo="a.txt", repo_id="ada/before")
    api.move_repo("ada/before", "ada/after")
    client = Client(sandbox.endpoint, sandbox.users["ada"])
    terms = client.terms("ada/before")
    assert client.mint("ada/before", agree=terms).repo == Repo("model", "ada/after")
    assert client.status("ada/before").repo == client.status("ADA/after").repo


def test_a_record_of_another_doi_is_none_at_datacite(
    plain_hub: Sandbox, proxy_of: Callable[[Sandbox], LossyProxy]
) -> None:
    proxy = proxy_of(plain_hub)
    account = plain_hub.datacite_repository
    client = Client(
        plain_hub.endpoint,
        plain_hub.users["ada"],
        registrar="datacite",
        datacite_repository=account["username"],
        datacite_password=account["password"],
        datacite_prefix=account["prefix"],
        datacite_api=f"{proxy.endpoint}/datacite",
    )
    one, other = (client.reserve(name).doi for name in ("ada/tiny-bert", "datasets/ada/notes"))
    terms = client.terms("ada/tiny-bert")
    proxy.set(Fault("crossed", "GET", path=one.in_url, location=other.in_url))
    with pytest.raises(UnexpectedAnswer, match="a DOI other than"):
        client.mint("ada/tiny-bert", agree=terms)
    assert client.status("ada/tiny-bert").doi is None

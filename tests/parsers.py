"""Every parser of what strangers write, and inputs for each: the tests and ``make fuzz`` feed them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import httpx
from hypothesis import strategies as st

from hubdoi.bibliography import uses
from hubdoi.bibliography.author_list import authors_of_card, read_authors
from hubdoi.bibliography.bibfile import BibFile
from hubdoi.bibliography.settings import read_baseline, settings_of
from hubdoi.citation import FORMATS, cite
from hubdoi.citation.known_names import KnownNames
from hubdoi.commands.completion import complete
from hubdoi.commands.grammar import HelpWanted, parse
from hubdoi.config import Config
from hubdoi.datacite.reader import version_from
from hubdoi.hub.answer import repo_file, repo_info
from hubdoi.hub.doi_server import json_object
from hubdoi.hub.repositories import HuggingFaceHub
from hubdoi.hub.wire import error_from_answer
from hubdoi.identity import orcid, ror
from hubdoi.jupyter.commands import _body, _words
from hubdoi.jupyter.live_document import LiveDocuments
from hubdoi.net.accept import media_ranges, preferred
from hubdoi.net.answer import Answer, Headers
from hubdoi.net.http import _retry_after
from hubdoi.provenance.evidence import read_recording
from hubdoi.provenance.scanner.ipython import plain_python
from hubdoi.provenance.scanner.target import addresses_in, read_address
from hubdoi.records import Author, Doi, MintRequest, Repo, Status, Version, parse_reference
from hubdoi.records.amendment import Amendment, AmendRequest
from hubdoi.records.errors import HubdoiError
from hubdoi.records.markup import without_markup
from hubdoi.records.moment import parse_moment
from hubdoi.records.repo_card import parse_card
from hubdoi.records.reservation import Reservation
from hubdoi.records.yaml_text import read_yaml, write_yaml
from hubdoi.sandbox import Sandbox
from hubdoi.sandbox.commit_body import read_commit
from hubdoi.sandbox.datacite_query import condition
from hubdoi.sandbox.markdown import render_markdown
from hubdoi.sandbox.paths import check_path
from hubdoi.sandbox.patterns import ignored_by, large_by
from hubdoi.sandbox.permits import claims_of
from hubdoi.sandbox.refusal import Refusal
from hubdoi.sandbox.shards import files_of
from hubdoi.sandbox.webhooks import watched_from
from tests.made_up import BYTES, JSON, JSON_TEXTS, OBJECTS, TEXTS, WORDS


class Surroundings:
    """What a parser may need beside its input: a folder, and a running sandbox."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def sandbox(self) -> Sandbox:
        running = Sandbox()
        running.start()
        return running

    @cached_property
    def http(self) -> httpx.Client:
        return httpx.Client(base_url=self.sandbox.endpoint, timeout=60)

    def close(self) -> None:
        if "sandbox" in vars(self):
            self.http.close()
            self.sandbox.stop()


@dataclass(frozen=True)
class Target:
    """A parser and the inputs for it; `calls` parsers get the surroundings as well."""

    parse: Callable[..., object]
    inputs: st.SearchStrategy[Any]
    in_surroundings: bool = False

    def feed(self, value: Any, surroundings: Surroundings) -> None:
        """Let it parse `value`: it takes it, or says why not in a sentence; all else is a bug."""
        try:
            if self.in_surroundings:
                self.parse(value, surroundings)
            else:
                self.parse(value)
        except Refusal as refusal:
            assert 400 <= refusal.status < 500
        except HubdoiError as error:
            assert error.message.strip()
            assert len(error.message) < 1000


def _magic(text: str) -> None:
    try:
        parse(_words(text))
    except HelpWanted:
        return


def _command_line(words: list[str]) -> None:
    try:
        parse(words, prog="hubdoi")
    except HelpWanted:
        return


def _yaml_body(text: str) -> None:
    body = _body(text, ["mint", "ada/tiny-bert"])
    assert isinstance(body, dict)
    MintRequest.from_json(body)


def _yaml(text: str) -> None:
    value = read_yaml(text)
    # It is JSON, and comes back as it is.
    json.dumps(value, allow_nan=False)
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        assert read_yaml(write_yaml(value)) == value


def _bib_file(text: str, around: Surroundings) -> None:
    path = around.folder / "hostile.bib"
    content = text.encode("utf-8", "replace")
    path.write_bytes(content)
    # What is not ours is kept byte for byte.
    assert BibFile.read(path).content == content


def _notebook(data: dict[str, Any], around: Surroundings) -> None:
    path = around.folder / "hostile.ipynb"
    path.write_text(json.dumps(data), encoding="utf-8", errors="replace")
    uses(path)


def _file(
    read: Callable[[Path], object], name: str = "hostile.json"
) -> Callable[[str, Surroundings], None]:
    def parse_file(text: str, around: Surroundings) -> None:
        path = around.folder / name
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        read(path)

    return parse_file


def _cells(sources: list[str]) -> None:
    cells = [{"cell_type": "code", "source": source} for source in sources]
    uses({"cells": cells, "metadata": {}, "nbformat": 4})


def _live(data: dict[str, Any]) -> None:
    document = LiveDocuments().read({"id": "a", "path": "a.ipynb", "cells": [], **data})
    assert isinstance(document.cells, list)


def _record(data: dict[str, Any]) -> None:
    version = version_from({"doi": "10.1234/abc", **data})
    for name in FORMATS:
        assert isinstance(str(cite(version, name)), str)


def _reference(text: str) -> None:
    parsed = parse_reference(text, endpoint="https://huggingface.co")
    if isinstance(parsed, Doi):
        assert Doi.parse(str(parsed)) == parsed
    else:
        assert Repo.parse(str(parsed.repo)) == parsed.repo


def _author(text: str) -> None:
    author = Author.parse(text)
    assert Author.from_json(author.to_json()) == author


def _moment(text: str) -> None:
    try:
        assert parse_moment(text).tzinfo is not None
    except ValueError as error:
        # As it says; who reads a record goes on without the date.
        assert type(error) is ValueError


def _path(text: str) -> None:
    assert check_path(text) == text
    parts = text.split("/")
    assert ".." not in parts and "" not in parts and "\\" not in text


def _retry(text: str) -> None:
    for headers in ({"Retry-After": text}, {"RateLimit": text}):
        seconds = _retry_after(headers)
        assert seconds is None or (seconds >= 0 and math.isfinite(seconds))


def _link(text: str) -> None:
    base = "https://hub.example"
    hub = HuggingFaceHub(Config(endpoint=base))
    for header in (text, f'<{text}>; rel="next"'):
        found = hub._next(
            Answer(200, Headers([(b"Link", header.encode("utf-8", "replace"))]), b"", None, base)
        )
        # Whatever it says, the next page is asked for at the same server.
        assert found is None or urlsplit(base + found).netloc == "hub.example"


class _Seen(HTMLParser):
    """Refuses what a page of a card must not have in it."""

    TAGS = frozenset(
        "a blockquote br code del em h1 h2 h3 h4 h5 h6 hr li ol p pre s span strong sub sup table tbody td "
        "th thead tr ul".split()
    )
    ATTRIBUTES = frozenset("href rel class id start title style".split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self.TAGS, tag
        for name, value in attrs:
            assert name in self.ATTRIBUTES, name
            if name == "style":
                assert value in ("text-align:left", "text-align:right", "text-align:center")
            if name == "href":
                there = urljoin("https://hub.example/ada/", value or "")
                assert urlsplit(there).scheme in ("http", "https", "mailto"), value


def _markdown(text: str) -> None:
    seen = _Seen(convert_charrefs=True)
    seen.feed(render_markdown(text, base="/ada/tiny-bert/resolve/main/"))
    seen.close()


def _commit(items: list[Any]) -> None:
    asked = read_commit(BytesIO(b"\n".join(_line(item) for item in items)))
    assert asked.title
    for path, content in asked.change.add.items():
        _path(path)
        assert isinstance(content, bytes)


def _line(item: Any) -> bytes:
    return item if isinstance(item, bytes) else json.dumps(item).encode()


_COMMIT_LINES = st.lists(
    BYTES
    | st.fixed_dictionaries(
        {
            "key": st.sampled_from(
                ["header", "file", "lfsFile", "deletedFile", "deletedEntry", "deletedFolder"]
            )
            | TEXTS,
            "value": st.fixed_dictionaries(
                {},
                optional={
                    "summary": TEXTS,
                    "description": TEXTS,
                    "parentCommit": JSON,
                    "path": st.sampled_from(["a", "a/b", "README.md"]) | TEXTS | JSON,
                    "content": TEXTS | JSON,
                    "encoding": st.sampled_from(["base64", "utf-8"]) | JSON,
                    "oid": st.just("0" * 64) | JSON,
                    "size": st.integers() | JSON,
                },
            )
            | JSON,
        }
    ),
    max_size=6,
).map(lambda lines: [{"key": "header", "value": {"summary": "x"}}, *lines])


def _patterns(text: str) -> None:
    for decide in (ignored_by(text), large_by(text)):
        assert decide("a/b/c.bin") in (True, False)


def _permit(text: str) -> None:
    assert claims_of(b"key", "upload", text) is None


def _request(
    method: str, path: str, kind: str, *, user: str | None = "ada"
) -> Callable[[Any, Surroundings], None]:
    """A request to a running sandbox, whose answer is never a failure of its own."""

    def ask(value: Any, around: Surroundings) -> None:
        headers = {"Authorization": f"Bearer {around.sandbox.users[user]}"} if user else {}
        more: dict[str, Any] = {}
        if kind == "json":
            more["content"] = json.dumps(value)
            headers["Content-Type"] = "application/json"
        elif kind == "form":
            pairs = {name: str(text).encode("utf-8", "replace") for name, text in value.items()}
            more["content"] = urlencode(pairs)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif kind == "query":
            more["params"] = {n: str(text).encode("utf-8", "replace") for n, text in value.items()}
        elif kind == "headers":
            headers |= {name: _header(text) for name, text in value.items()}
        else:
            more["content"] = value
        sent = {name: text.encode("latin-1", "replace") for name, text in headers.items()}
        answer = around.http.request(method, path, headers=sent, **more)
        assert answer.status_code < 500 or answer.status_code == 501, answer.text
        assert "Traceback" not in answer.text

    return ask


def _header(text: str) -> str:
    return "".join(c for c in text if c.isprintable() and ord(c) < 256)[:500].strip()


def _fields(
    names: str, values: st.SearchStrategy[Any] = TEXTS, **known: str
) -> st.SearchStrategy[Any]:
    """Some of these fields; `known` are values with which a request comes further."""
    optional = {
        name: st.sampled_from(known[name].split()) | values if name in known else values
        for name in names.split()
    }
    return st.fixed_dictionaries({}, optional=optional)


_NAMES_FILES = WORDS | st.dictionaries(TEXTS, JSON, max_size=3).map(
    lambda names: (
        "[names]\n" + "\n".join(f"{json.dumps(n)} = {json.dumps(v)}" for n, v in names.items())
    )
)
_MODEL = "/api/models/ada/tiny-bert"
_OAUTH = _fields(
    "client_id client_secret grant_type code redirect_uri code_verifier refresh_token device_code scope",
    grant_type="authorization_code refresh_token urn:ietf:params:oauth:grant-type:device_code",
    scope="openid profile manage-repos",
)
PARSERS: dict[str, Target] = {
    "repository": Target(_reference, WORDS),
    "doi": Target(Doi.parse, WORDS),
    "author": Target(_author, WORDS),
    "author-mapping": Target(Author.from_json, OBJECTS),
    "author-list": Target(read_authors, WORDS),
    "author-list-of-card": Target(authors_of_card, WORDS),
    "mint-request": Target(MintRequest.from_json, OBJECTS),
    "amend-request": Target(AmendRequest.from_json, OBJECTS),
    "yaml": Target(_yaml, WORDS),
    "yaml-body": Target(_yaml_body, WORDS),
    "magic-line": Target(_magic, WORDS),
    "command-line": Target(_command_line, st.lists(WORDS, max_size=6)),
    "completion": Target(complete, TEXTS),
    "bib-file": Target(_bib_file, WORDS, True),
    "notebook-file": Target(_notebook, OBJECTS, True),
    "notebook-cells": Target(_cells, st.lists(WORDS, max_size=3)),
    "notebook-live": Target(_live, OBJECTS),
    "cell-magics": Target(plain_python, WORDS),
    "provenance-file": Target(_file(read_recording), JSON_TEXTS, True),
    "baseline": Target(_file(read_baseline), JSON_TEXTS, True),
    "check-settings": Target(
        _file(lambda path: settings_of(path.parent), "pyproject.toml"), WORDS, True
    ),
    "names-file": Target(
        _file(lambda path: KnownNames.nearest(path.parent), "hubdoi.toml"), _NAMES_FILES, True
    ),
    "addresses": Target(addresses_in, WORDS),
    "address": Target(read_address, TEXTS),
    "markup": Target(without_markup, WORDS),
    "datacite-record": Target(_record, OBJECTS),
    "version": Target(Version.from_json, OBJECTS),
    "status": Target(lambda data: Status.from_json(data, endpoint="https://h.example"), OBJECTS),
    "amendment": Target(Amendment.from_json, OBJECTS),
    "reservation": Target(Reservation.from_json, OBJECTS),
    "hub-answer": Target(lambda data: repo_info(Repo("model", "a/b"), data, data), OBJECTS),
    "hub-file": Target(repo_file, OBJECTS),
    "orcid-answer": Target(orcid.matches, JSON),
    "ror-answer": Target(ror.matches, JSON),
    "error-answer": Target(lambda data: error_from_answer(400, data, fallback="It failed."), JSON),
    "repo-card": Target(
        lambda text: parse_card(f"---\n{text}\n---\n{text}".encode("utf-8", "replace")), WORDS
    ),
    "moment": Target(_moment, TEXTS),
    "retry-after": Target(_retry, WORDS),
    "link-header": Target(_link, WORDS),
    "accept-header": Target(
        lambda text: (media_ranges(text), preferred(text, ("text/html",))), WORDS
    ),
    "file-path": Target(_path, WORDS),
    "settings": Target(lambda data: Config.resolve(data, environ={}), OBJECTS),
    "endpoint": Target(lambda text: Config.resolve({"endpoint": text}, environ={}), WORDS),
    "markdown": Target(_markdown, WORDS),
    "commit-body": Target(_commit, _COMMIT_LINES),
    "git-patterns": Target(_patterns, WORDS),
    "doi-body": Target(json_object, BYTES),
    "permit": Target(_permit, WORDS),
    "webhook-watched": Target(watched_from, JSON),
    "datacite-query": Target(lambda text: condition(text, client="me"), WORDS),
    "xet-shard": Target(files_of, BYTES),
    # The same over HTTP: between a request and its parser there is a framework.
    "webhook-body": Target(
        _request("POST", "/api/settings/webhooks", "json"),
        _fields("url watched domains secret jobSourceId", JSON, url="http://127.0.0.1:9/x"),
        True,
    ),
    "oauth-token-form": Target(_request("POST", "/oauth/token", "form", user=None), _OAUTH, True),
    "oauth-device-form": Target(_request("POST", "/oauth/device", "form", user=None), _OAUTH, True),
    "oauth-register": Target(
        _request("POST", "/oauth/register", "json", user=None),
        _fields("client_name redirect_uris token_endpoint_auth_method", JSON),
        True,
    ),
    "oauth-authorize": Target(
        _request("GET", "/oauth/authorize", "query"),
        _fields("client_id redirect_uri response_type scope state code_challenge nonce"),
        True,
    ),
    "oauth-authorize-form": Target(
        _request("POST", "/oauth/authorize", "form"),
        _fields("client_id redirect_uri response_type scope state code_challenge decision"),
        True,
    ),
    "device-form": Target(_request("POST", "/device", "form"), _fields("user_code decision"), True),
    "login-form": Target(
        _request("POST", "/login", "form", user=None), _fields("token next"), True
    ),
    "mint-form": Target(
        _request("POST", "/ada/tiny-bert/settings/doi", "form"),
        _fields(
            "action title description author_name author_type author_orcid author_ror agree terms revision"
        ),
        True,
    ),
    "support-form": Target(
        _request("POST", "/ada/tiny-bert/settings/requests", "form"),
        _fields("action reason to", action="delete rename transfer private"),
        True,
    ),
    "commit-over-http": Target(_request("POST", f"{_MODEL}/commit/main", "raw"), BYTES, True),
    "preupload": Target(
        _request("POST", f"{_MODEL}/preupload/main", "json"), _fields("files gitIgnore", JSON), True
    ),
    "paths-info": Target(
        _request("POST", f"{_MODEL}/paths-info/main", "json"), _fields("paths expand", JSON), True
    ),
    "lfs-batch": Target(
        _request("POST", "/ada/tiny-bert.git/info/lfs/objects/batch", "json"),
        _fields("operation transfers objects hash_algo ref", JSON, operation="upload download"),
        True,
    ),
    "repository-body": Target(
        _request("POST", "/api/repos/create", "json"),
        _fields("name type organization private license visibility", JSON, type="model dataset"),
        True,
    ),
    "discussion-body": Target(
        _request("POST", f"{_MODEL}/discussions", "json"),
        _fields("title description pullRequest", JSON),
        True,
    ),
    "tree-query": Target(
        _request("GET", f"{_MODEL}/tree/main", "query"),
        _fields("recursive expand cursor limit"),
        True,
    ),
    "list-query": Target(
        _request("GET", "/api/models", "query"),
        _fields(
            "search author filter sort direction limit cursor expand full", sort="createdAt likes"
        ),
        True,
    ),
    "datacite-body": Target(_request("POST", "/datacite/dois", "json"), OBJECTS, True),
    "datacite-parameters": Target(
        _request("GET", "/datacite/dois", "query"),
        _fields("query page[size] page[number] page[cursor] sort ids prefix client-id include"),
        True,
    ),
    "request-headers": Target(
        _request("GET", "/ada/tiny-bert/resolve/main/config.json", "headers"),
        _fields(
            "Range If-None-Match Accept Cookie Origin Content-Type X-Request-Id Accept-Language"
        ),
        True,
    ),
}

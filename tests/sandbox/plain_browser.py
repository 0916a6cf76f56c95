"""A browser without scripts, for the tests of the sandbox's pages."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlsplit

import httpx
from huggingface_hub import CommitOperationAdd, HfApi

from hubdoi.records import Repo
from hubdoi.sandbox import Sandbox

__all__ = ["HOSTILE", "TINY_BERT", "Browser", "Page", "assert_harmless", "push", "values"]

HOSTILE = "\"><script>alert('x')</script><img src=x onerror=alert(1)>\u202eevil\u200f {{7*7}} &amp;"
TINY_BERT = Repo("model", "ada/tiny-bert")
VOID = {"meta", "link", "img", "input", "br", "hr"}


class Page(HTMLParser):
    """What a browser would make of a page: elements with attributes, forms with fields, text."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.answer = answer
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.forms: list[dict] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.elements.append((tag, given))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "form":
            self.forms.append({**given, "fields": [], "buttons": []})
        elif self.forms and "form" in self._open:
            form = self.forms[-1]
            if tag in ("input", "textarea"):
                form["fields"].append((given.get("name", ""), given.get("value", ""), given))
            elif tag == "select":
                form["fields"].append((given.get("name", ""), "", given))
            elif tag == "option" and "selected" in given:
                name, _, more = form["fields"][-1]
                form["fields"][-1] = (name, given.get("value", ""), more)
            elif tag == "button":
                form["buttons"].append(given)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def links(self) -> list[str]:
        return [given["href"] for tag, given in self.elements if tag == "a" and "href" in given]

    def form(self, action: str) -> dict:
        return next(form for form in self.forms if form.get("action") == action)


class Browser:
    """A browser with one session and no scripts."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.client = httpx.Client(
            base_url=sandbox.endpoint, headers={"Accept": "text/html"}, timeout=60
        )

    def open(self, path: str, status: int = 200) -> Page:
        answer = self.client.get(path, follow_redirects=True)
        assert answer.status_code == status, answer.text
        return Page(answer)

    def send(self, form: dict, changes: dict[str, str] | None = None, status: int = 200) -> Page:
        fields = [(name, value) for name, value, given in form["fields"]
                  if name and given.get("type") != "checkbox"]  # fmt: skip
        changes = dict(changes or {})
        data = [(name, changes.pop(name, value)) for name, value in fields]
        data += list(changes.items())
        body = httpx.QueryParams(data)
        answer = self.client.post(
            form["action"],
            content=str(body).encode(),
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": self.sandbox.endpoint,
            },
            follow_redirects=True,
        )
        assert answer.status_code == status, answer.text
        return Page(answer)

    def sign_in(self, user: str) -> Browser:
        page = self.open("/login")
        self.send(page.form("/login"), {"token": self.sandbox.users[user]})
        return self

    def generate(self, path: str = "/ada/tiny-bert") -> Page:
        page = self.open(f"{path}/settings/doi")
        return self.send(page.form(f"{path}/settings/doi"), {"agree": "yes", "do": "generate"})


def assert_harmless(page: Page) -> None:
    """No script but our own file, no handler, no address that runs, nothing from elsewhere."""
    for tag, given in page.elements:
        assert tag not in ("iframe", "object", "embed", "base", "style", "svg", "math"), tag
        if tag == "script":
            assert given == {"src": "/static/page.js", "defer": ""}
        for name, value in given.items():
            assert not name.startswith("on"), (tag, given)
            assert name != "style"
            if name in ("href", "src", "action", "formaction"):
                assert urlsplit(value).scheme in ("", "http", "https", "mailto"), value
            if name in ("src", "action"):
                assert value.startswith("/") and not value.startswith("//"), value
    headers = page.answer.headers
    assert headers["content-security-policy"].startswith("default-src 'self'; ")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"


def push(api: HfApi, repo: str = "ada/tiny-bert", **more) -> str:
    return api.create_commit(
        repo,
        more.pop("add", [CommitOperationAdd("new.txt", b"new")]),
        commit_message=more.pop("title", "A change"),
        **more,
    ).oid


def values(form: dict) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, value, given in form["fields"]
        if name and given.get("type") != "checkbox"
    ]

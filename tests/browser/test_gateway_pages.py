"""The curators' pages in a real browser: in both themes, narrow and wide, with the keyboard."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from playwright.sync_api import Browser, Page, expect

from hubdoi.config import Secret
from hubdoi.gateway.app import create_app
from hubdoi.gateway.backend import backend_for
from hubdoi.gateway.institution import Institution
from hubdoi.gateway.page import COOKIE
from hubdoi.gateway.settings import Settings
from hubdoi.net.serving import Server, listen, url_of
from hubdoi.records import MintRequest, Repo
from hubdoi.records.amendment import AmendRequest
from hubdoi.records.errors import InReview, InvalidMetadata
from hubdoi.sandbox import Sandbox
from tests.browser.panel_alone import violations
from tests.browser.picture import take
from tests.gateway.conftest import environment
from tests.gateway.test_work import raising

SCREENSHOTS = Path(__file__).parent / "screenshots"
WIDTHS = (1280, 400)
PICTURES = ("queue", "request", "correction", "doi", "work")
"""The pages that the guide shows."""


@pytest.fixture
def institution(plain_hub: Sandbox, tmp_path: Path) -> Iterator[Institution]:
    """A library with a request of each kind, a DOI and failed work."""
    variables = environment(
        plain_hub,
        f"sqlite:///{tmp_path / 'gateway.db'}",
        HUBDOI_GATEWAY_INSTITUTION="Library of Example University",
        HUBDOI_GATEWAY_REVIEW="1",
        HUBDOI_GATEWAY_HUB_CLIENT="the-library",
        HUBDOI_GATEWAY_KEY=Fernet.generate_key().decode(),
    )
    made = Institution(Settings.read(variables))
    made.people.put("grace", role="admin")
    made.people.put("ada", group="physics")
    made.policies.put("physics", quota=20, require=["license"], review=True)
    repo, stop = Repo("model", "ada/tiny-bert"), threading.Event()
    terms = made.registrar.terms.digest

    def ask(title: str) -> int:
        plain_hub.hf_api().upload_file(
            path_or_fileobj=title.encode(), path_in_repo="title", repo_id=repo.id
        )
        request = MintRequest(agree=True, terms=terms, title=title)
        with pytest.raises(InReview):
            backend_for(made, Secret(plain_hub.users["ada"])).mint(repo, request)
        return made.reviews.all("waiting")[0].id

    made.reviews.approve(ask("Tiny BERT"), "grace", check=made.check_still)
    made.work.run(stop, until_idle=True)
    made.reviews.approve(ask("Tiny BERT, second edition"), "grace", check=made.check_still)
    with pytest.MonkeyPatch.context() as patched:
        error = InvalidMetadata("DataCite refused the record: the title is too long.")
        patched.setattr(made.registrar, "register", raising(error))
        made.work.run(stop, until_idle=True)
    made.reviews.refuse(ask("Test, please ignore"), "grace", "Give the model a title.")
    ask("Tiny BERT, distilled for the course of 2024")
    backend = backend_for(made, Secret(plain_hub.users["ada"]))
    asked = AmendRequest.from_json(
        {
            "title": "Tiny BERT, distilled",
            "authors": ["Lovelace, Ada <0000-0002-1825-0097>", "Hopper, Grace"],
            "description": "Two layers of 128 units, for teaching. <script>alert(1)</script>",
        }
    )
    shown = backend.preview_amendment(repo, asked)
    with pytest.raises(InReview):
        backend.amend(repo, asked.agreed(shown.terms))
    with pytest.raises(InReview):
        backend.reserve(repo)
    yield made
    made.close()


@pytest.fixture
def url(institution: Institution) -> Iterator[str]:
    listening = listen("127.0.0.1", 0)
    institution.url = url_of("127.0.0.1", listening)
    server = Server(create_app(institution), threads=4)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    assert server.is_ready(thread)
    yield institution.url
    server.stop()
    thread.join()
    listening.close()


def test_pages_are_accessible_and_have_their_pictures(
    browser: Browser, institution: Institution, url: str
) -> None:
    # axe-core is a script, and the pages allow none.
    context = browser.new_context(bypass_csp=True)
    context.add_cookies(
        [{"name": COOKIE, "value": institution.sessions.begin("grace"), "url": f"{url}/gateway"}]
    )
    page = context.new_page()
    problems: dict[str, list[str]] = {}
    (registered,) = institution.ledger.registered()
    waiting, correction, reservation = (one.id for one in institution.reviews.all("waiting"))
    shown = {
        "queue": "",
        "request": f"/requests/{waiting}",
        "refused": f"/requests/{waiting - 1}",
        "correction": f"/requests/{correction}",
        "reservation": f"/requests/{reservation}",
        "dois": "/dois",
        "doi": f"/dois/{registered.version.doi}",
        "work": "/work",
        "people": "/people",
        "policies": "/policies",
        "audit": "/audit",
        "sign-ins": "/sign-ins",
        "message": "/requests/999",
    }
    SCREENSHOTS.mkdir(exist_ok=True)
    for name, path in shown.items():
        page.goto(f"{url}/gateway{path}")
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 800})
                if found := violations(page.locator("html")):
                    problems[f"{name} {theme} {width}"] = found
                if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    problems[f"{name} {theme} {width} scrolls"] = [
                        "the page is wider than the window"
                    ]
                file = SCREENSHOTS / f"gateway-{name}-{width}-{theme}.png"
                page.screenshot(path=file, full_page=True)
                if name in PICTURES and (theme, width) == ("light", 1280):
                    _photograph(page, f"gateway-{name}")
    assert problems == {}
    # A refusal without a reason goes nowhere, and the keyboard alone is enough to give one.
    page.goto(f"{url}/gateway/requests/{waiting}")
    refuse = page.get_by_role("button", name="Refuse")
    refuse.focus()
    page.keyboard.press("Enter")
    reason = page.get_by_label("Reason (the researcher reads it")
    expect(reason).to_be_focused()
    page.keyboard.type("Name the authors with their ORCID iDs.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{url}/gateway")
    expect(page.get_by_role("cell", name="Name the authors with their ORCID iDs.")).to_be_visible()
    # A name without spaces does not push the other columns out of the window.
    page.set_viewport_size({"width": 1100, "height": 800})
    institution.policies.put("g" * 100, quota=20)
    page.goto(f"{url}/gateway/policies")
    assert page.locator(".wide").evaluate("one => one.scrollWidth <= one.clientWidth")
    context.close()


def _photograph(page: Page, name: str) -> None:
    height = page.evaluate("document.querySelector('main').offsetHeight") + 120
    page.set_viewport_size({"width": 1100, "height": height})
    take(page, name)
    page.set_viewport_size({"width": 1280, "height": 800})

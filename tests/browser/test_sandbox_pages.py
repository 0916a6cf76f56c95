"""The sandbox's own pages in a real browser: with and without scripts, in both themes, narrow and wide."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from huggingface_hub import CommitOperationAdd
from playwright.sync_api import Browser, Page, expect

from hubdoi.records import MintRequest, Person, Repo
from hubdoi.sandbox import Sandbox
from hubdoi.sandbox.scopes import SCOPES
from tests.browser.panel_alone import violations
from tests.browser.picture import take
from tests.sandbox.test_oauth import CALLBACK, CHALLENGE, VERIFIER

SCREENSHOTS = Path(__file__).parent / "screenshots"
HOSTILE = "\"><script>alert('x')</script><img src=x onerror=alert(1)>"

# Every element with text of its own whose contrast is below 4.5:1, by the formula of WCAG 2.
TOO_FAINT = """() => {
  const light = (c) => c.slice(0, 3).map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const colour = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = colour(getComputedStyle(at).backgroundColor);
      if (found.length < 4 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("body *")]
    .filter((e) => !e.closest(".unseen, .skip"))
    .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()))
    .map((e) => {
      const [a, b] = [light(colour(getComputedStyle(e).color)), light(behind(e))];
      return [e.tagName, e.textContent.slice(0, 40), (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
    })
    .filter((entry) => entry[2] < 4.5);
}"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that fails its test when the content policy, or a script of ours, complains."""
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    made = context.new_page()
    problems: list[str] = []
    made.on("pageerror", lambda error: problems.append(str(error)))
    made.on("dialog", lambda dialog: problems.append(dialog.message))
    made.on(
        "console",
        lambda m: problems.append(m.text) if "Content Security Policy" in m.text else None,
    )
    yield made
    context.close()
    assert problems == []


def sign_in(page: Page, sandbox: Sandbox, user: str = "ada", after: str = "/") -> None:
    page.goto(f"{sandbox.endpoint}/login?next={after}")
    page.get_by_label("Access token").fill(sandbox.users[user])
    page.keyboard.press("Enter")
    page.wait_for_url(f"{sandbox.endpoint}{after}")


def shoot(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"sandbox-{name}.png", full_page=True)


def test_r03_generating_without_scripts(browser: Browser, sandbox: Sandbox) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, sandbox, after="/ada/tiny-bert/settings")
    page.get_by_role("button", name="Generate DOI").click()
    box = page.get_by_label("I have read these terms and agree to them.")
    expect(box).not_to_be_checked()
    page.get_by_role("button", name="Generate DOI").click()
    # The browser itself asks for the tick; nothing was sent.
    assert "/settings/doi" in page.url
    page.get_by_role("button", name="Add an author").click()
    page.get_by_label("Name").nth(1).fill("Hopper, Grace")
    page.get_by_role("button", name="Up (author 2)").click()
    # The form comes anew, and with it the box.
    expect(page.get_by_label("Name").first).to_have_value("Hopper, Grace")
    page.get_by_label("I have read").check()
    page.get_by_role("button", name="Generate DOI").click()
    expect(page.get_by_role("status")).to_contain_text("The DOI 10.5072/hf/0001 is generated")
    expect(page.get_by_role("cell", name="Grace Hopper, Ada Lovelace")).to_be_visible()
    expect(page.get_by_text("locked by DOI")).to_have_count(3)
    page.goto(f"{sandbox.endpoint}/ada/tiny-bert")
    dialog = page.get_by_role("dialog", name="Cite this model")
    expect(dialog).to_be_hidden()
    page.get_by_role("link", name="Cite this model").click()
    expect(dialog.locator("#cite-bibtex")).to_contain_text("10.5072/hf/0001")
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    dialog.get_by_role("link", name="Close").click()
    expect(dialog).to_be_hidden()
    context.close()


def test_the_keyboard_alone_is_enough(page: Page, sandbox: Sandbox) -> None:
    sign_in(page, sandbox, after="/ada/tiny-bert/settings")

    def walk_to(text: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            here = page.evaluate("document.activeElement.innerText || document.activeElement.id")
            if here == text:
                return
        raise AssertionError(f"no Tab leads to {text}")

    walk_to("Generate DOI")
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/doi?")
    walk_to("agree")
    page.keyboard.press("Space")
    walk_to("Generate DOI")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("10.5072/hf/0001")


def test_enter_in_a_field_generates_nothing(page: Page, sandbox: Sandbox) -> None:
    sign_in(page, sandbox, after="/ada/tiny-bert/settings/doi")
    page.get_by_label("I have read").check()
    page.get_by_label("Name").press("Enter")
    page.wait_for_load_state()
    expect(page.get_by_label("I have read")).not_to_be_checked()
    assert (
        sandbox.world.service.status(Repo("model", "ada/tiny-bert"), None).state == "unregistered"
    )


def test_copy_copies_what_is_shown(page: Page, sandbox: Sandbox) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{sandbox.endpoint}/ada/tiny-bert")
    page.get_by_role("link", name="Cite this model").click()
    page.get_by_role("button", name="Copy BibTeX").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#cite-bibtex").text_content()
    expect(page.get_by_role("button", name="Copy BibTeX")).to_be_visible(timeout=60_000)


def test_the_citation_is_a_dialog_over_the_page(page: Page, sandbox: Sandbox) -> None:
    page.goto(f"{sandbox.endpoint}/ada/tiny-bert")
    link = page.get_by_role("link", name="Cite this model")
    dialog = page.get_by_role("dialog", name="Cite this model")
    inside = "document.activeElement.closest('dialog') !== null"
    for leave in ("Escape", "Close", "beside it"):
        link.focus()
        page.keyboard.press("Enter")
        expect(dialog).to_be_visible()
        assert page.evaluate("document.querySelector('dialog').matches(':modal')")
        assert page.evaluate(inside)
        if leave == "Escape":
            page.keyboard.press("Escape")
        elif leave == "Close":
            dialog.get_by_role("link", name="Close").press("Enter")
        else:
            page.mouse.click(5, 5)
        expect(dialog).to_be_hidden()
        expect(link).to_be_focused()
    # The end of one that a click has opened is told later, and takes no fragment away.
    link.press("Enter")
    page.evaluate("document.querySelector('dialog').close(); location.hash = 'cite'")
    expect(dialog).to_be_visible()
    expect(page).to_have_url(f"{sandbox.endpoint}/ada/tiny-bert#cite")
    page.keyboard.press("Escape")
    # Nor where it is told after the dialog was opened by that fragment.
    link.press("Enter")
    page.evaluate(
        """document.querySelector('dialog').close();
        history.replaceState(null, '', '#cite');
        dispatchEvent(new HashChangeEvent('hashchange'))"""
    )
    expect(dialog).to_be_visible()
    expect(page).to_have_url(f"{sandbox.endpoint}/ada/tiny-bert#cite")
    assert page.evaluate("new Promise(done => setTimeout(() => done(location.hash)))") == "#cite"
    # A link from another page leads into it, and a reload after it was closed does not.
    page.goto(f"{sandbox.endpoint}/ada/tiny-bert#cite")
    page.reload()
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(page).to_have_url(f"{sandbox.endpoint}/ada/tiny-bert")
    expect(link).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_legible_and_narrow_in_both_themes(page: Page, demo: Sandbox, scheme: str) -> None:
    world = demo.world
    ada = Person("ada", "Ada Lovelace")
    notes = Repo("dataset", "ada/notes")
    request = MintRequest(agree=True, terms=world.registrar.terms.digest)
    world.service.mint(notes, ada, request)
    world.service.mint(Repo("model", "ada/tiny-bert"), ada, request)
    demo.hf_api().create_commit(
        notes.id,
        [CommitOperationAdd("README.md", f"# {HOSTILE}\n\n{HOSTILE}\n\n> quote\n".encode())],
        commit_message=HOSTILE,
        repo_type="dataset",
    )
    support = world.support
    tiny_bert = Repo("model", "ada/tiny-bert")
    support.grant(support.ask(tiny_bert, ada, "delete", f"No longer right. {HOSTILE}").number)
    sign_in(page, demo)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    paths = {
        "front": "/", "login": "/login", "repository": "/datasets/ada/notes", "nothing": "/not/there",
        "settings": "/datasets/ada/notes/settings", "agreement": "/datasets/ada/notes/settings/doi",
        "files": "/datasets/ada/notes/tree/main", "commits": "/datasets/ada/notes/commits/main",
        "landing": "/doi/10.5072/hf/0001", "tombstone": "/doi/10.5072/hf/0002",
    }  # fmt: skip
    for width in (400, 1200):
        page.set_viewport_size({"width": width, "height": 800})
        for name, path in paths.items():
            page.goto(demo.endpoint + path)
            shoot(page, f"{name}-{scheme}-{width}")
            assert page.evaluate(TOO_FAINT) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            if name == "repository":
                page.get_by_role("link", name="Cite this dataset").click()
                page.screenshot(path=SCREENSHOTS / f"sandbox-cite-{scheme}-{width}.png")
                assert violations(page.get_by_role("dialog")) == []


def test_every_page_is_accessible_and_one_has_its_picture(browser: Browser, demo: Sandbox) -> None:
    world = demo.world
    ada = Person("ada", "Ada Lovelace")
    request = MintRequest(agree=True, terms=world.registrar.terms.digest)
    world.service.mint(Repo("dataset", "ada/notes"), ada, request)
    api = demo.hf_api()
    api.create_discussion("ada/tiny-bert", title="Which corpus?", description="Please say.")
    shelf = api.create_collection("Engines", description="What runs by itself")
    api.add_collection_item(shelf.slug, "ada/tiny-bert", "model", note="The small one")
    for name, scopes in (("Weights explorer", ("openid", "read-repos")), ("Notebook", SCOPES)):
        app, _ = world.oauth.register(name, [CALLBACK], public=True)
        code = world.oauth.allow(
            app, "ada", tuple(scopes), redirect_uri=CALLBACK, challenge=CHALLENGE, nonce=None
        )
        world.oauth.redeem(app, code, redirect_uri=CALLBACK, verifier=VERIFIER)
    app, _ = world.oauth.register(HOSTILE * 2, [CALLBACK], public=True)
    asked = {
        "client_id": app.id, "redirect_uri": CALLBACK, "response_type": "code",
        "scope": " ".join(SCOPES), "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    }  # fmt: skip
    _, user_code = world.oauth.begin_device(app, ("openid", "write-repos"))
    paths = {
        "front": "/", "repository": "/ada/tiny-bert", "dataset": "/datasets/ada/notes",
        "files": "/ada/tiny-bert/tree/main", "file": "/ada/tiny-bert/blob/main/README.md",
        "commits": "/ada/tiny-bert/commits/main", "settings": "/datasets/ada/notes/settings",
        "agreement": "/ada/tiny-bert/settings/doi", "landing": "/doi/10.5072/hf/0001",
        "profile": "/ada", "collection": f"/collections/{shelf.slug}", "nothing": "/not/there",
        "applications": "/settings/connected-applications", "device": "/device",
        "device-code": f"/device?user_code={user_code}",
        "consent": str(httpx.URL("/oauth/authorize", params=asked)),
    }  # fmt: skip
    # axe-core is a script, and the pages allow none but theirs.
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    problems: dict[str, object] = {}
    try:
        sign_in(page, demo)
        for name, path in paths.items():
            page.goto(demo.endpoint + path)
            for theme in ("light", "dark"):
                page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
                for width in (400, 1200):
                    page.set_viewport_size({"width": width, "height": 800})
                    # What axe looks at does not become worse where there is more room.
                    if width == 400 and (found := violations(page.locator("html"))):
                        problems[f"{name} {theme}"] = found
                    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                        problems[f"{name} {theme} {width} scrolls"] = True
                    if name in ("applications", "consent", "collection", "files"):
                        shoot(page, f"{name}-{theme}-{width}")
                    if name == "applications":
                        take(page, f"sandbox-applications-{width}-{theme}")
    finally:
        context.close()
    assert problems == {}

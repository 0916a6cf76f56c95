"""Every state of the panel: accessible in both themes and widths, and photographed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Locator, expect

from hubdoi.client import Client
from hubdoi.jupyter.panel.state import PanelState
from hubdoi.jupyter.panel.view import to_json
from hubdoi.sandbox import Sandbox
from tests.browser.panel_alone import PanelAlone, violations
from tests.browser.picture import take
from tests.jupyter.panel.page import BERT, open_page

AUTHORS = [
    {"name": "Lovelace, Ada", "type": "person", "orcid": "0000-0002-1825-0097", "affiliation": "Analytical Engine Society", "ror": ""},
    {"name": "Babbage, Charles", "type": "person", "orcid": "", "affiliation": "University of Cambridge", "ror": ""},
    {"name": "Hopper, Grace", "type": "person", "orcid": "", "affiliation": "", "ror": ""},
    {"name": "Analytical Engine Society", "type": "organization", "orcid": "", "affiliation": "", "ror": "https://ror.org/05a28rw58"},
]  # fmt: skip
# Each theme has its colours, each width its layout.
CHECKED = (("light", 760), ("dark", 400))
EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script><svg onload=alert(3)>[x](javascript:alert(4))"


def _nothing(_: PanelAlone) -> None:
    """What is shown needs no hand."""


@dataclass(frozen=True)
class Case:
    """A state of the panel as Python writes it, and what a person does in it."""

    state: Mapping[str, Any]
    live: bool = True
    reconnects: bool = False
    act: Callable[[PanelAlone], None] = _nothing

    def show(self, panel: PanelAlone) -> None:
        panel.show(self.state, live=self.live, reconnects=self.reconnects)
        self.act(panel)


@pytest.fixture
def alone(browser: Browser) -> Iterator[PanelAlone]:
    context = browser.new_context(viewport={"width": 800, "height": 1600})
    yield PanelAlone(context.new_page())
    context.close()


@pytest.fixture(scope="module")
def shown() -> Iterator[dict[str, Case]]:
    """The states that a person meets, by name."""
    with (
        Sandbox(clock="2026-11-23T09:00:00Z") as demo,
        Sandbox(without_doi_api=True) as without,
    ):
        yield {**cases(demo), "settings-page": Case(open_page(without).state)}


def button(panel: PanelAlone, name: str) -> Locator:
    return panel.root.get_by_role("button", name=name)


def cases(sandbox: Sandbox) -> dict[str, Case]:
    """Each of a real panel of this sandbox."""
    client = Client(sandbox.endpoint, sandbox.users["ada"])
    page = open_page(sandbox)
    page.until(lambda state: state["preview"].get("files"))
    config = client.config

    def look_up(panel: PanelAlone) -> None:
        button(panel, "Edit (Lovelace").click()
        panel.root.get_by_label("Name", exact=True).fill("Ada Lovelace")

        def find(message: Mapping[str, Any]) -> Mapping[str, Any]:
            page.send(message["do"], **{k: v for k, v in message.items() if k not in ("do", "by")})
            return {**page.reply(), "by": message["by"]}

        panel.answer(find)
        expect(panel.root.get_by_role("option").first).to_be_visible()

    def imported(panel: PanelAlone) -> None:
        button(panel, "Import").click()

    def details(panel: PanelAlone) -> None:
        button(panel, "Edit details").click()

    def wrong(panel: PanelAlone) -> None:
        button(panel, "Edit (Lovelace").click()
        panel.root.get_by_label("ORCID iD (optional)", exact=True).fill("0000-0002-1825-0098")

    work = page.panel.work.state
    steps = (
        f"Sending your consent and the authors to {client.endpoint}",
        "Reading what was registered",
    )
    assert work.revision is not None
    waiting = work.asked(
        f"The request for a DOI for revision {work.revision[:7]} was sent to Library of Our University on 2026-11-23 and is waiting for a decision. Nothing is registered until it is approved. The status shows what is decided. This panel continues by itself."
    )

    def unfold(panel: PanelAlone) -> None:
        panel.root.get_by_text("Withdraw the request").click()

    found = {
        "empty": Case(to_json(PanelState(repo="", phase="asking"), config)),
        "loading": Case(to_json(PanelState(repo=BERT), config)),
        "unregistered": Case(page.state),
        "look-up": Case(page.state, act=look_up),
        "import": Case(page.state, act=imported),
        "details": Case(page.state, act=details),
        "error": Case(page.state, act=wrong),
        "waiting": Case(to_json(waiting, config), act=unfold),
        "minting": Case(to_json(replace(work, phase="minting", steps=steps), config)),
    }  # fmt: skip
    page.edit(authors=AUTHORS)
    found["authors"] = Case(page.state)
    page.mint(authors=AUTHORS)
    page.until(lambda state: state["phase"] == "open" and state["cite"] and state["cite"]["texts"])
    found["current"] = Case(page.state)
    sandbox.hf_api("ada").upload_file(
        path_or_fileobj=b"\0" * 1_400_000, path_in_repo="model.safetensors", repo_id=BERT
    )
    behind = open_page(sandbox)
    behind.until(
        lambda state: (
            state["changes"]["rows"] and state["preview"].get("files") and state["cite"]["texts"]
        )
    )
    found["behind"] = Case(behind.state)
    other = open_page(sandbox, "grace")
    other.until(lambda state: state["cite"] and state["cite"]["texts"])
    found["of-others"] = Case(other.state)
    found["failed"] = Case(open_page(sandbox, repo="ada/nothing-here").state)
    found["restarted"] = Case(found["current"].state, live=False, reconnects=True)
    found["saved"] = Case(found["current"].state, live=False)
    return {**found, **corrections(sandbox)}


def corrections(sandbox: Sandbox) -> dict[str, Case]:
    """The correction of a registered record, from its form to its place in the history."""
    client = Client(sandbox.endpoint, sandbox.users["ada"])
    client.mint("datasets/ada/notes", agree=client.terms("datasets/ada/notes"))
    page = open_page(sandbox, repo="datasets/ada/notes")
    page.until(lambda state: state["cite"] and state["cite"]["texts"])
    page.send("correct")
    found = {"correction": Case(page.state)}
    sandbox.hf_api("ada").update_repo_settings("ada/notes", repo_type="dataset", gated="auto")
    page.send(
        "propose",
        form=page.form(authors=AUTHORS[:2], title="Notes on the Analytical Engine", access=True),
    )
    page.until(lambda state: state["correction"]["rows"])
    found["difference"] = Case(page.state)
    page.send("amend", form=page.form(agreed=True), terms=page.state["terms"]["digest"])
    page.until(
        lambda state: (
            state["phase"] == "open"
            and state["history"][0]["notes"][1:]
            and "Notes on" in state["cite"]["texts"].get("bibtex", "")
        )
    )

    def history(panel: PanelAlone) -> None:
        panel.root.get_by_text("History: 1 version").click()

    found["corrected"] = Case(page.state, act=history)
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pictures_of_every_state_which_is_accessible(
    alone: PanelAlone, shown: dict[str, Case], theme: str
) -> None:
    alone.theme(theme)
    for name, case in shown.items():
        for width in (760, 400):
            alone.width(width)
            case.show(alone)
            if (theme, width) in CHECKED:
                assert violations(alone.root) == [], (name, width)
            wide = alone.root.evaluate(
                """root => [...root.querySelectorAll("*")]
                  .filter(node => node.checkVisibility() && !node.closest(".hubdoi-scroll, .hubdoi-who, pre, .hubdoi-heard"))
                  .filter(node => node.getBoundingClientRect().right > root.getBoundingClientRect().right)
                  .map(node => node.outerHTML.slice(0, 120))"""
            )
            assert wide == [], (name, width)
            take(alone.root, f"panel-{name}-{width}-{theme}")
            sideways = alone.root.evaluate(
                """root => {
                  for (const fold of root.querySelectorAll("details")) fold.open = true;
                  return [...root.querySelectorAll(".hubdoi-scroll")].filter(node => node.checkVisibility() && node.scrollWidth > node.clientWidth
                  ).map(node => node.ariaLabel);
                }"""
            )
            assert sideways == [], (name, width)


def test_a_request_is_withdrawn_in_two_steps(alone: PanelAlone, shown: dict[str, Case]) -> None:
    alone.show(shown["waiting"].state)
    withdraw = button(alone, "Withdraw")
    expect(withdraw).to_be_hidden()
    alone.root.get_by_text("Withdraw the request").press("Enter")
    withdraw.press("Enter")
    (sent,) = alone.page.evaluate("window.sent")
    assert (sent["do"], sent["kind"]) == ("withdraw", "mint")
    # What was saved, and a panel whose kernel is gone, cannot withdraw anything.
    alone.show(shown["waiting"].state, live=False)
    expect(alone.root.get_by_text("Withdraw the request")).to_have_count(0)


def test_the_form_is_compact(alone: PanelAlone, shown: dict[str, Case]) -> None:
    alone.theme("light")
    alone.width(760)
    for name, most in (("unregistered", 520), ("authors", 700)):
        shown[name].show(alone)
        assert alone.root.evaluate("root => root.offsetHeight") <= most, name


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_box_stays_where_it_is_when_the_preview_comes(
    alone: PanelAlone, sandbox: Sandbox, theme: str
) -> None:
    """A click on its way to the box does not land beside it."""
    alone.theme(theme)
    client = Client(sandbox.endpoint, sandbox.users["ada"])
    first = open_page(sandbox)
    first.until(lambda state: state["preview"].get("files"))
    # The mint is announced to this panel, which then has no form for a while.
    states = [first.panel.work.state]
    client.mint(BERT, agree=client.terms(BERT))
    for path in ("model.safetensors", "config.json", "tokenizer.json", "run.py", "notes.bin"):
        sandbox.hf_api("ada").upload_file(
            path_or_fileobj=b"\0" * 9, path_in_repo=path, repo_id=BERT, commit_message="Words " * 30
        )
    second = open_page(sandbox)
    second.until(lambda state: state["preview"].get("files") and state["changes"]["rows"])
    states.append(second.panel.work.state)
    for state in states:
        begun = to_json(replace(state, preview=None, changes=None), client.config)
        for width in (760, 520, 400, 300):
            alone.width(width)
            for details in (False, True):
                alone.show(begun)
                if details:
                    button(alone, "Edit details").click()
                before = _places(alone)
                alone.update(to_json(state, client.config))
                assert _places(alone) == before, (theme, width, details)
                alone.root.get_by_role("checkbox").check()
                assert _places(alone) == before, (theme, width, details)


def _places(alone: PanelAlone) -> list[Any]:
    box = alone.root.get_by_role("checkbox")
    return [box.bounding_box(), button(alone, "Generate").bounding_box()]


def test_hostile_metadata_makes_no_element(alone: PanelAlone) -> None:
    """The panel of a hostile record has the elements of a harmless one, and no other."""
    dialogs: list[str] = []

    def opened(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    alone.page.on("dialog", opened)
    harmless, hostile = (_tags_with(alone, text) for text in ("Harmless", EVIL))
    assert hostile == harmless
    assert dialogs == []


def _tags_with(alone: PanelAlone, text: str) -> list[list[str]]:
    """The elements before and after a mint with `text` wherever a stranger may write."""
    author = {"name": text, "type": "organization", "affiliation": text, "orcid": "", "ror": ""}
    written = {"title": text, "description": text, "authors": [author]}
    found = []
    with Sandbox() as sandbox:
        (sandbox.world.data / "terms.txt").write_text(f"Terms.\n\n{text}")
        for path in (f"{text[:20]}.txt", "model.bin"):
            sandbox.hf_api("ada").upload_file(
                path_or_fileobj=b"x", path_in_repo=path, repo_id=BERT, commit_message=text
            )
        page = open_page(sandbox)
        page.until(lambda state: state["preview"].get("files"))
        page.edit(**written)
        alone.show(page.state)
        button(alone, "Edit details").click()
        expect(alone.root).to_contain_text(text)
        found.append(alone.tags())
        page.mint(**written)
        page.until(lambda state: state["cite"] and state["cite"]["texts"])
        alone.show(page.state)
        for tab in ("Text", "CSL JSON", "BibTeX"):
            alone.root.get_by_role("tab", name=tab).click()
            found.append(alone.tags())
        expect(alone.root).to_contain_text(text[:10])
    return found

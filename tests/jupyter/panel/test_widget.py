"""The panel against a real sandbox: its states as a front end draws them, and its actions."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import huggingface_hub.utils._http  # noqa: F401 - whose requests are watched from the first panel on
import pytest

from hubdoi.client import Client
from hubdoi.jupyter.panel import Panel, panel
from hubdoi.sandbox import Sandbox
from tests.jupyter.panel.page import BERT, Page, join_panels, open_page
from tests.proxy.lossy_proxy import Fault, LossyProxy

ADA = {"name": "Lovelace, Ada", "type": "person", "orcid": "", "affiliation": "", "ror": ""}


def _client(sandbox: Sandbox, user: str = "ada") -> Client:
    return Client(sandbox.endpoint, sandbox.users[user])


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def _upload(sandbox: Sandbox, path: str, content: bytes) -> None:
    sandbox.hf_api("ada").upload_file(path_or_fileobj=content, path_in_repo=path, repo_id=BERT)


def test_the_panel_is_there_at_once_and_the_network_is_asked_on_a_thread(sandbox: Sandbox) -> None:
    shown = panel(BERT, _client(sandbox))
    assert shown.state["phase"] == "loading"
    assert shown.state["busy"] == f"Loading {BERT}"
    page = Page(shown).until_open()
    assert page.state["head"]["badge"] == {"text": "No DOI", "tone": "quiet"}
    assert page.state["form"]["authors"] == [ADA]
    assert page.state["form"]["agreed"] is False
    assert page.state["cite"] is None
    json.dumps(page.state)


def test_the_status_is_asked_for_once(sandbox: Sandbox) -> None:
    with LossyProxy(sandbox.endpoint) as proxy:
        page = Page(panel(BERT, Client(proxy.endpoint, sandbox.users["ada"])))
        page.until(lambda state: state["phase"] == "open" and state["preview"].get("files"))
        assert [path for _, path in proxy.requests if "/doi" in path] == [f"/api/models/{BERT}/doi"]


def test_a_preview_says_what_will_be_registered(sandbox: Sandbox) -> None:
    page = open_page(sandbox)
    page.until(lambda state: state["preview"].get("files"))
    head = page.state["revision"]
    preview = page.state["preview"]
    assert preview["revision"]["message"] == "initial commit"
    assert preview["citation"] == (
        f"Lovelace, Ada ({preview['revision']['date'][:4]}): tiny-bert (Revision {head[:7]}). "
        "Hugging Face. (Model). https://doi.org/10.5072/hf/…"
    )
    assert ["config.json", "223 bytes"] in preview["files"]
    assert preview["credits"] == [
        ["Derived from", "https://huggingface.co/google-bert/bert-base-uncased"],
        ["References", "https://huggingface.co/datasets/ada/notes"],
    ]
    page.edit(
        title="Tiny",
        authors=[ADA, {**ADA, "name": "Analytical Engine Society", "type": "organization"}],
    )
    assert page.state["preview"]["citation"].startswith(
        "Lovelace, Ada; Analytical Engine Society ("
    )
    assert "Tiny (Revision" in page.state["preview"]["citation"]


def test_r03_r12_mint_once_however_often_the_button_is_pressed(sandbox: Sandbox) -> None:
    page = open_page(sandbox)
    page.mint(agreed=False)
    assert page.notice == "Tick the box to continue."
    for _ in range(5):
        page.mint()
    page.until(lambda state: state["phase"] == "open" and state["cite"] and state["cite"]["texts"])
    assert len(_client(sandbox).history(BERT)) == 1
    assert "form" not in page.state
    assert "ada accepted the terms on" in page.state["history"][0]["notes"][0]
    assert page.notice == "Generated: 10.5072/hf/0001."
    assert page.state["cite"]["texts"]["bibtex"].startswith("@misc{")
    assert page.state["head"]["test"] is True


def test_what_was_filled_in_is_registered(sandbox: Sandbox) -> None:
    page = open_page(sandbox)
    page.until(lambda state: state["preview"].get("files"))
    page.mint(
        authors=[
            {**ADA, "orcid": "https://orcid.org/0000-0002-1825-0097", "affiliation": "Society",
             "ror": "05a28rw58"},
            {**ADA, "name": " "},
            {**ADA, "name": "Analytical Engine Society", "type": "organization"},
        ],
        title="A Tiny BERT",
        description="For lessons.",
    )  # fmt: skip
    page.until(lambda state: state["history"])
    version = _client(sandbox).status(BERT).version
    assert version is not None
    assert [(a.name, a.orcid, a.affiliation, a.ror) for a in version.authors] == [
        ("Lovelace, Ada", "0000-0002-1825-0097", "Society", "05a28rw58"),
        ("Analytical Engine Society", None, None, None),
    ]
    assert version.title.startswith("A Tiny BERT (Revision")
    assert version.description == "For lessons."


def test_an_error_stands_at_its_field(sandbox: Sandbox) -> None:
    page = open_page(sandbox)
    for authors, sentence in (
        ([{**ADA, "orcid": "0000-0002-1825-0098"}], "Author 1: The ORCID iD"),
        ([{**ADA, "name": ""}], "at least one author"),
    ):
        page.mint(authors=authors)
        assert sentence in page.notice
        assert page.state["notice"]["field"] == "authors"
    page.mint(authors=[ADA], title=" ")
    assert page.state["notice"]["field"] == "title"
    assert page.state["phase"] == "open"


def test_r03_a_page_that_shows_something_else_mints_nothing(sandbox: Sandbox) -> None:
    page = open_page(sandbox)
    terms, revision = page.state["terms"]["digest"], page.state["revision"]
    for shown in ({"terms": "0" * 64, "revision": revision}, {"terms": terms, "revision": "a" * 40},
                  {"terms": terms}):  # fmt: skip
        page.send("mint", form=page.form(agreed=True), **shown)
        assert "Read it again" in page.notice
        assert page.state["form"]["agreed"] is False
        assert page.state["phase"] == "open"
    assert len(_client(sandbox).history(BERT)) == 0


def test_r03_terms_that_change_come_unticked(sandbox: Sandbox) -> None:
    page = open_page(sandbox)
    (sandbox.world.data / "terms.txt").write_text("The terms of tomorrow.")
    page.mint()
    page.until(lambda state: state["phase"] == "open" and "tomorrow" in state["terms"]["text"])
    assert page.state["form"]["agreed"] is False
    page.mint()
    page.until(lambda state: state["history"])


def test_an_older_revision_can_be_named(sandbox: Sandbox) -> None:
    first = _client(sandbox).status(BERT).head
    _upload(sandbox, "new.txt", b"new")
    page = open_page(sandbox)
    page.edit(revision="f" * 7)
    page.until(lambda state: state["preview"]["problem"])
    assert "fffffff" in page.state["preview"]["problem"]
    page.edit(revision=first[:7])
    page.until(lambda state: state["revision"] == first)
    page.mint()
    page.until(lambda state: state["history"])
    assert _client(sandbox).status(BERT).version.revision == first


def test_two_panels_from_two_threads_end_with_one_doi(sandbox: Sandbox) -> None:
    both = [open_page(sandbox), open_page(sandbox)]
    barrier = threading.Barrier(2)

    def press(page: Page) -> None:
        barrier.wait()
        page.mint()

    threads = [threading.Thread(target=press, args=(page,)) for page in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for page in both:
        page.until(lambda state: state["phase"] == "open" and state["history"])
    assert len(_client(sandbox).history(BERT)) == 1


def test_every_panel_of_a_repository_follows_a_mint_and_a_push_of_this_process(
    sandbox: Sandbox,
) -> None:
    page, other = open_page(sandbox), open_page(sandbox, repo="datasets/ada/notes")
    before = other.state["checked"]
    client = _client(sandbox)
    client.mint(BERT, agree=client.terms(BERT))
    page.until(lambda state: state["head"]["badge"]["text"] == "Up to date")
    _upload(sandbox, "model.safetensors", b"new")
    page.until(lambda state: state["head"]["badge"]["text"] == "Changed since DOI")
    page.until(lambda state: state["changes"]["rows"])
    assert "the weights" in page.state["changes"]["sentence"]
    client.regenerate(BERT, agree=client.terms(BERT))
    page.until(lambda state: len(state["history"]) == 2)
    assert other.state["checked"] == before


def test_what_was_done_to_one_doi_is_not_told_beside_the_next(sandbox: Sandbox) -> None:
    page, client = open_page(sandbox), _client(sandbox)
    page.mint(authors=[ADA])
    page.until(lambda state: state["head"]["badge"]["text"] == "Up to date")
    _upload(sandbox, "model.safetensors", b"new")
    page.until(lambda state: state["head"]["badge"]["text"] == "Changed since DOI")
    assert page.notice == "Generated: 10.5072/hf/0001."
    client.regenerate(BERT, agree=client.terms(BERT))
    page.until(lambda state: len(state["history"]) == 2)
    assert page.notice == ""


def test_a_look_again_leaves_what_is_being_written_alone(sandbox: Sandbox) -> None:
    page = open_page(sandbox)
    page.edit(title="Half a tit", agreed=True)
    before = page.state["checked"]
    page.send("revalidate")
    page.until(lambda state: state["checked"] > before)
    assert page.state["form"]["title"] == "Half a tit"
    assert page.state["form"]["agreed"] is True
    _upload(sandbox, "more.txt", b"more")
    page.until(lambda state: state["form"]["agreed"] is False)
    assert page.state["form"]["title"] == "Half a tit"


def test_many_looks_again_at_once_are_one_question(sandbox: Sandbox) -> None:
    with LossyProxy(sandbox.endpoint) as proxy:
        page = Page(panel(BERT, Client(proxy.endpoint, sandbox.users["ada"]))).until_open()
        page.until(lambda state: state["preview"].get("files"))
        work = page.panel.work
        before = page.state["checked"]
        with work.lock:  # nothing is asked before all of them are there
            for _ in range(30):
                work.revalidate()
        page.until(lambda state: state["checked"] > before)
        join_panels()
        assert [path for _, path in proxy.requests if path.endswith("/doi")] == [
            f"/api/models/{BERT}/doi"
        ] * 2


def test_a_look_again_does_not_overtake_what_a_person_asked_for(sandbox: Sandbox) -> None:
    """The answer to it would be dropped, and the panel be busy for ever."""
    first, second = threading.Event(), threading.Event()
    with LossyProxy(sandbox.endpoint) as proxy:
        page = Page(panel(BERT, Client(proxy.endpoint, sandbox.users["ada"]))).until_open()
        work = page.panel.work
        proxy.set(*(Fault("late", path="/doi", then=one.wait) for one in (first, second)))
        try:
            page.send("revalidate")
            _until(lambda: proxy.count("GET", "/doi") == 1)
            page.send("revalidate")
            page.send("load")
            _until(lambda: proxy.count("GET", "/doi") == 2)
            first.set()
            _until(lambda: not work._revalidating)
        finally:
            first.set()
            second.set()
        page.until(lambda state: state["phase"] == "open")
        join_panels()


def test_a_closed_panel_asks_for_nothing(sandbox: Sandbox) -> None:
    client = _client(sandbox)
    with LossyProxy(sandbox.endpoint) as proxy:
        page = Page(panel(BERT, Client(proxy.endpoint, sandbox.users["ada"]))).until_open()
        page.panel.close()
        join_panels()
        proxy.set()
        client.mint(BERT, agree=client.terms(BERT))
        join_panels()
        assert proxy.requests == []


def test_behind_shows_what_changed_and_asks_for_a_new_consent(sandbox: Sandbox) -> None:
    client = _client(sandbox)
    client.mint(BERT, agree=client.terms(BERT), authors=["Lovelace, Ada <0000-0002-1825-0097>"])
    _upload(sandbox, "model.safetensors", b"new")
    page = open_page(sandbox)
    page.until(lambda state: state["changes"]["rows"])
    assert page.state["label"] == "Generate new DOI"
    assert page.state["form"]["agreed"] is False
    assert page.state["urged"] is True
    # What was entered for the first DOI is the default of the next.
    assert page.state["form"]["authors"] == [{**ADA, "orcid": "0000-0002-1825-0097"}]


def test_a_new_doi_is_not_urged_when_only_the_card_changed(sandbox: Sandbox) -> None:
    client = _client(sandbox)
    client.mint(BERT, agree=client.terms(BERT))
    _upload(sandbox, "README.md", b"# Words")
    page = open_page(sandbox)
    page.until(lambda state: state["changes"]["rows"])
    assert "rarely needed" in page.state["changes"]["sentence"]
    assert page.state["urged"] is False


@pytest.mark.parametrize(
    ("user", "repo", "sentence", "retry"),
    [
        ("grace", BERT, "Only a person with write access", "load"),
        ("grace", "grace/secret-model", "make it public first", "load"),
        ("ada", "grace/secret-model", "grace/secret-model", "load"),
        ("ada", "spaces/ada/demo", "is a Space", None),
        ("ada", "no/such/thing/at/all", "is not a repository", None),
    ],
)
def test_one_sentence_and_the_way_out(
    sandbox: Sandbox, user: str, repo: str, sentence: str, retry: str | None
) -> None:
    page = open_page(sandbox, user, repo)
    assert sentence in page.notice
    assert page.state["retry"] == retry
    assert "form" not in page.state


def test_a_server_that_is_gone_and_comes_back(sandbox: Sandbox) -> None:
    page = Page(panel(BERT, Client("http://127.0.0.1:9", sandbox.users["ada"])))
    page.until(lambda state: state["phase"] == "failed", 60)
    assert page.state["retry"] == "load"
    page.panel.work.client = _client(sandbox)
    page.send("retry")
    page.until(lambda state: state["phase"] == "open")
    assert page.notice == ""


def test_a_panel_without_a_repository_asks_which(sandbox: Sandbox) -> None:
    page = open_page(sandbox, repo=None)
    assert page.state["phase"] == "asking"
    page.send("open", repo="  ")
    assert page.state["phase"] == "asking"
    page.send("open", repo="datasets/ada/notes")
    page.until(lambda state: state["phase"] == "open")
    assert page.state["head"]["name"][0]["t"] == "datasets/ada/notes"


def test_the_text_is_written_in_a_style_with_its_italics(sandbox: Sandbox) -> None:
    client = _client(sandbox)
    version = client.mint(BERT, agree=client.terms(BERT))
    page = open_page(sandbox)
    page.until(lambda state: state["cite"]["texts"])
    page.send("cite", style="apa")
    page.until(lambda state: state["cite"]["style"] == "apa")
    cite = page.state["cite"]
    assert cite["texts"]["text"] == str(client.cite(version, format="text", style="apa"))
    assert any(isinstance(run, dict) and run.get("i") for run in cite["rich"])
    page.send("cite", style="natur")
    page.until(lambda state: state["cite"]["problem"])
    assert "nature" in page.state["cite"]["problem"]
    assert page.state["cite"]["texts"]["bibtex"] == str(client.cite(version))


def test_add_myself(sandbox: Sandbox) -> None:
    page = open_page(sandbox)
    page.send("me", n=7)
    assert page.reply() == {"re": "me", "by": "page", "n": 7, "authors": [ADA], "said": ""}
    nobody = Page(panel(BERT, Client(sandbox.endpoint, False))).until_open()
    nobody.send("me", n=8)
    assert "hf auth login" in nobody.reply()["said"]


@pytest.mark.parametrize(
    "message",
    [
        None, 5, [], {}, {"do": 5}, {"do": "open"}, {"do": "open", "repo": 5}, {"do": "edit"},
        {"do": "edit", "form": 7}, {"do": "edit", "form": {"authors": "x", "serial": True}},
        {"do": "edit", "form": {"authors": [1, None, {"name": 5}]}}, {"do": "mint"},
        {"do": "mint", "form": {"agreed": "true"}, "terms": [], "revision": {}},
        {"do": "cite", "style": None}, {"do": "surprise"},
    ],
)  # fmt: skip
def test_a_message_that_cannot_be_read_does_nothing(sandbox: Sandbox, message: Any) -> None:
    from hubdoi.jupyter.panel.actions import act

    page = open_page(sandbox)
    act(page.panel.work, message, lambda reply: None)
    assert page.state["phase"] == "open"
    assert page.state["form"]["authors"] == [ADA]
    assert len(_client(sandbox).history(BERT)) == 0


def test_a_saved_output_is_a_complete_card_of_the_last_state(sandbox: Sandbox) -> None:
    page = open_page(sandbox)
    page.edit(agreed=True)
    saved = page.panel.saved()
    assert saved["application/vnd.hubdoi.panel+json"]["state"]["form"]["agreed"] is False
    assert "The DOI is permanent" in saved["text/html"]
    assert "Lovelace, Ada" in saved["text/plain"]
    page.mint()
    page.until(lambda state: state["cite"] and state["cite"]["texts"])
    saved = page.panel.saved()
    for kind in ("text/plain", "text/markdown", "text/html"):
        for part in (BERT, "Up to date", "10.5072/hf/0001", "@misc{", "accepted the terms",
                     "Run this cell again"):  # fmt: skip
            assert part in saved[kind], (kind, part)
    assert sandbox.users["ada"] not in json.dumps(saved) + repr(page.panel)
    assert repr(page.panel) == "Panel('ada/tiny-bert')"


def test_a_refresh_that_nobody_answers_leaves_the_panel_as_it_was(sandbox: Sandbox) -> None:
    page = open_page(sandbox)
    page.edit(title="The whole of it")
    before = page.state
    page.panel.work.client = Client("http://127.0.0.1:9", sandbox.users["ada"])
    page.send("load")
    page.until(lambda state: state["retry"] == "load", 60)
    assert page.notice.endswith("The panel shows what was read before.")
    assert page.state["form"]["title"] == "The whole of it"
    assert (page.state["head"], page.state["terms"]) == (before["head"], before["terms"])
    page.panel.work.client = _client(sandbox)
    page.send("retry")
    page.until(lambda state: not state.get("notice"))
    assert page.state["form"]["title"] == "The whole of it"


def test_an_error_that_nobody_expected_is_still_told(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = _client(sandbox)

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(client, "status", broken)
    page = Page(panel(BERT, client))
    page.until(lambda state: state["phase"] == "failed")
    assert "(ZeroDivisionError)" in page.notice
    assert page.state["retry"] == "load"


def test_hostile_names_are_text(sandbox: Sandbox) -> None:
    evil = "<img src=x onerror=alert(1)>"
    client = _client(sandbox)
    client.mint(
        BERT, agree=client.terms(BERT), title=evil, authors=[{"name": evil, "type": "organization"}]
    )
    page = open_page(sandbox)
    page.until(lambda state: state["cite"]["texts"])
    assert "<img" not in page.panel.saved()["text/html"]
    assert page.state["history"][0]["title"].startswith(evil)


def test_a_panel_is_a_widget_that_can_be_observed_and_closed(sandbox: Sandbox) -> None:
    shown = Panel(_client(sandbox), BERT)
    phases: list[str] = []
    shown.observe(lambda change: phases.append(change["new"]["phase"]), "state")
    Page(shown).until_open()
    shown.layout.width = "400px"
    assert "open" in phases
    shown.close()
    assert shown.comm is None


def test_names_are_looked_up_while_they_are_written(sandbox: Sandbox) -> None:
    page = open_page(sandbox)
    assert page.state["lookup"] is True
    page.send("lookup", n=3, kind="orcid", text="ada lovelace")
    reply = page.reply()
    assert (reply["re"], reply["n"], reply["said"]) == ("lookup", 3, "")
    assert reply["results"][0] == {
        "name": "Lovelace, Ada", "id": "0000-0000-1815-1211", "note": "Analytical Engine Society",
    }  # fmt: skip
    page.send("lookup", n=4, kind="ror", text="institute of comp")
    assert page.reply()["results"][0]["id"] == "0000nav20"
    page.send("lookup", n=5, kind="nothing", text="x" * 10_000)
    assert page.reply()["results"] == []


def test_authors_are_imported(sandbox: Sandbox) -> None:
    page = open_page(sandbox)
    page.send("import", n=1, text="Grace Hopper <0000-0002-1825-0097>; Navy\nEngine Society")
    reply = page.reply()
    assert [(one["name"], one["type"]) for one in reply["authors"]] == [
        ("Hopper, Grace", "person"), ("Engine Society", "organization"),
    ]  # fmt: skip
    page.send("import", n=2, text=None)
    assert "Write one on each line" in page.reply()["said"]
    page.send("import", n=3, card=True)
    assert "has no citation" in page.reply()["said"]

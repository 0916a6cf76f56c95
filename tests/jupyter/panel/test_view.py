"""The panel's widgets against a real sandbox, without a front end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from hubdoi.client import Client
from hubdoi.jupyter.panel import Panel, panel
from hubdoi.jupyter.panel.draft import Draft
from hubdoi.records import Version
from hubdoi.sandbox import Sandbox

BERT = "ada/tiny-bert"


def _until(made: Panel, condition: Callable[[], Any], seconds: float = 20) -> None:
    """Wait until `condition` is true of the panel and of what it shows."""
    deadline = time.monotonic() + seconds
    while True:
        with made.work.lock:
            if condition():
                return
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def _panel(sandbox: Sandbox, user: str = "ada", repo: str = BERT) -> Panel:
    made = panel(repo, Client(sandbox.endpoint, sandbox.users[user]))
    _until(made, lambda: made.state.phase != "loading")
    return made


def _is_shown(widget: Any) -> bool:
    return widget.layout.display != "none"


def test_the_panel_is_there_at_once_and_the_network_is_asked_on_a_thread(sandbox: Sandbox) -> None:
    began = time.monotonic()
    made = panel(BERT, Client(sandbox.endpoint, sandbox.users["ada"]))
    assert time.monotonic() - began < 0.5
    assert made.state.phase == "loading"
    assert f"Loading {BERT}" in made.progress.value
    _until(made, lambda: made.state.phase == "open")
    assert _is_shown(made.form)
    assert not _is_shown(made.citations)
    assert made.agree.value is False
    assert made.generate.disabled


def test_r03_r12_mint_once_however_often_the_button_is_pressed(sandbox: Sandbox) -> None:
    made = _panel(sandbox)
    made.generate.click()
    assert made.state.phase == "open"
    made.agree.value = True
    assert not made.generate.disabled
    for _ in range(5):
        made.generate.click()
    assert made.generate.disabled
    assert made.agree.disabled
    _until(made, lambda: made.state.phase == "open" and made.state.minted)
    assert len(Client(sandbox.endpoint, sandbox.users["ada"]).history(BERT)) == 1
    assert made.agree.value is False
    assert not _is_shown(made.form)
    assert "ada accepted the terms on" in made.history.value
    assert made.notice.text == "Generated: 10.5072/hf/0001."
    _until(made, lambda: all(made.citations.texts.values()))
    assert made.citations.texts["bibtex"].startswith("@misc{")


def test_authors_are_sent_as_they_stand_in_the_table(sandbox: Sandbox) -> None:
    made = _panel(sandbox)
    table = made.authors
    table.rows[0].name.value = "Babbage, Charles"
    table.add.click()
    table.rows[1].kind.value = "organization"
    table.rows[1].name.value = "Analytical Engine Society"
    assert table.rows[1].orcid.disabled
    table.add.click()
    table.me.click()
    _until(made, lambda: table.rows[2].name.value == "Lovelace, Ada")
    table.me.click()
    time.sleep(0.2)
    assert len(table.rows) == 3, "nobody is filled in twice"
    table.rows[2].up.click()
    assert [row.name.value for row in table.rows] == [
        "Babbage, Charles", "Lovelace, Ada", "Analytical Engine Society",
    ]  # fmt: skip
    table.rows[0].remove.click()
    assert table.rows[0].up.disabled
    assert table.rows[-1].down.disabled
    made.agree.value = True
    made.generate.click()
    _until(made, lambda: made.state.minted)
    version = made.state.minted
    assert isinstance(version, Version)
    assert [author.name for author in version.authors] == [
        "Lovelace, Ada", "Analytical Engine Society",
    ]  # fmt: skip


def test_the_orcid_is_checked_as_it_is_written(sandbox: Sandbox) -> None:
    made = _panel(sandbox)
    made.agree.value = True
    row = made.authors.rows[0]
    row.orcid.value = "0000-0002"
    assert (row.said.tone, row.said.text) == ("quiet", "An ORCID iD has 16 digits; go on.")
    row.orcid.value = "0000-0002-1825-0098"
    assert row.said.tone == "bad"
    assert made.generate.disabled
    assert "Author 1: The ORCID iD" in made.reason.value
    row.orcid.value = "0000-0002-1825-0097"
    assert 'href="https://orcid.org/0000-0002-1825-0097"' in row.links.value
    assert made.agree.value is True
    assert not made.generate.disabled


def test_two_panels_from_two_threads_end_with_one_doi(sandbox: Sandbox) -> None:
    both = [_panel(sandbox), _panel(sandbox)]
    barrier = threading.Barrier(2)

    def press(made: Panel) -> None:
        made.agree.value = True
        barrier.wait()
        made.generate.click()

    threads = [threading.Thread(target=press, args=(made,)) for made in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for made in both:
        _until(made, lambda made=made: made.state.status and made.state.status.state == "current")
    assert len(Client(sandbox.endpoint, sandbox.users["ada"]).history(BERT)) == 1


def test_behind_shows_what_changed_and_asks_for_a_new_consent(sandbox: Sandbox) -> None:
    client = Client(sandbox.endpoint, sandbox.users["ada"])
    client.mint(BERT, agree=client.terms(BERT))
    sandbox.hf_api("ada").upload_file(
        path_or_fileobj=b"new", path_in_repo="model.safetensors", repo_id=BERT
    )
    made = _panel(sandbox)
    _until(made, lambda: made.state.changes)
    assert "the weights" in made.changes.value
    assert made.generate.description == "Generate new DOI"
    assert made.agree.value is False
    assert "hubdoi-primary" in made.generate._dom_classes


def test_a_new_doi_is_not_urged_when_only_the_card_changed(sandbox: Sandbox) -> None:
    client = Client(sandbox.endpoint, sandbox.users["ada"])
    client.mint(BERT, agree=client.terms(BERT))
    sandbox.hf_api("ada").upload_file(
        path_or_fileobj=b"# Words", path_in_repo="README.md", repo_id=BERT
    )
    made = _panel(sandbox)
    _until(made, lambda: made.state.changes)
    assert "rarely needed" in made.changes.value
    assert "hubdoi-primary" not in made.generate._dom_classes


@pytest.mark.parametrize(
    ("user", "repo", "sentence", "retry"),
    [
        ("grace", BERT, "Only a person with write access", True),
        ("grace", "grace/secret-model", "make it public first", True),
        ("ada", "grace/secret-model", "grace/secret-model", True),
        ("ada", "spaces/ada/demo", "is a Space", False),
        ("ada", "no/such/thing/at/all", "is not a repository", False),
    ],
)
def test_one_sentence_and_the_way_out(
    sandbox: Sandbox, user: str, repo: str, sentence: str, retry: bool
) -> None:
    made = _panel(sandbox, user, repo)
    assert sentence in made.notice.text
    assert _is_shown(made.retry) is retry
    assert not _is_shown(made.form)
    assert made.progress.value == ""


def test_a_server_that_is_gone_and_comes_back(sandbox: Sandbox) -> None:
    made = panel(BERT, Client("http://127.0.0.1:9", sandbox.users["ada"]))
    _until(made, lambda: made.state.phase == "failed", 60)
    assert _is_shown(made.retry)
    made.work.client = Client(sandbox.endpoint, sandbox.users["ada"])
    made.retry.click()
    _until(made, lambda: made.state.phase == "open")
    assert made.notice.text == ""


def test_a_panel_without_a_repository_asks_which(sandbox: Sandbox) -> None:
    made = panel(client=Client(sandbox.endpoint, sandbox.users["ada"]))
    assert made.state.phase == "asking"
    assert _is_shown(made.ask)
    made.ask_button.click()
    assert made.state.phase == "asking"
    made.ask_field.value = "datasets/ada/notes"
    made.ask_button.click()
    _until(made, lambda: made.state.phase == "open")
    assert not _is_shown(made.ask)
    assert "datasets/ada/notes" in made.header.value


def test_a_panel_says_something_where_widgets_cannot_be_shown(sandbox: Sandbox) -> None:
    made = _panel(sandbox)
    bundle = made._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    for kind in ("text/plain", "text/markdown", "text/html"):
        assert BERT in bundle[kind]
        assert "running kernel" in bundle[kind]
    assert repr(made) == "Panel('ada/tiny-bert')"
    assert sandbox.users["ada"] not in str(bundle) + repr(made)


def test_an_error_that_nobody_expected_is_still_told(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(sandbox.endpoint, sandbox.users["ada"])

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(client, "status", broken)
    made = panel(BERT, client)
    _until(made, lambda: made.state.phase == "failed")
    assert "did not expect (ZeroDivisionError)" in made.notice.text
    assert _is_shown(made.retry)


def test_hostile_names_are_text_in_every_widget(sandbox: Sandbox) -> None:
    evil = "<img src=x onerror=alert(1)>"
    client = Client(sandbox.endpoint, sandbox.users["ada"])
    client.mint(BERT, agree=client.terms(BERT), title=evil, authors=[{"name": evil}])
    made = _panel(sandbox)
    _until(made, lambda: all(made.citations.texts.values()))
    made.authors.show((Draft(evil, orcid=evil, ror=evil),))
    texts = [made.header, made.history, made.terms, *made.citations._texts.values()]
    for widget in (*texts, made.authors.rows[0].links):
        assert "<img" not in widget.value
    assert any("&lt;img" in widget.value for widget in texts)

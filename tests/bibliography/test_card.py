from __future__ import annotations

import base64
import json

import httpx
import pytest

from hubdoi import Client
from hubdoi.bibliography.card import BEGIN, END, propose, read_card, with_citation
from hubdoi.provenance.recorder import recorder
from hubdoi.records import Version
from hubdoi.records.errors import DoiNotFound, InvalidMetadata
from hubdoi.sandbox import Sandbox

VERSION = Version.from_parts(doi="10.5072/hf/0001", repo="ada/tiny-bert", revision="a" * 40)
BIBTEX = "@misc{key,\n  doi = {10.5072/hf/0001},\n}"


def test_a_card_without_front_matter_gets_one() -> None:
    card = with_citation("# Tiny\n", VERSION, BIBTEX)
    assert card.startswith("---\ndoi: 10.5072/hf/0001\n---\n# Tiny\n\n" + BEGIN)
    assert card.rstrip().endswith(END)


def test_everything_else_stays_as_it_is() -> None:
    before = "---\nlicense: mit\ntags:\n- x   # mine\n---\n# Tiny\r\n\r\nText with ---\r\n"
    card = with_citation(before, VERSION, BIBTEX)
    assert "license: mit\ntags:\n- x   # mine\n" in card
    assert "# Tiny\r\n\r\nText with ---\r\n" in card


def test_the_second_time_replaces_the_first() -> None:
    once = with_citation("---\nlicense: mit\n---\n# Tiny\n", VERSION, BIBTEX)
    newer = VERSION.replace(doi=VERSION.doi.parse("10.5072/hf/0002"))  # type: ignore[union-attr]
    twice = with_citation(once, newer, BIBTEX.replace("0001", "0002"))
    assert twice == once.replace("hf/0001", "hf/0002")
    assert with_citation(twice, newer, BIBTEX.replace("0001", "0002")) == twice


def test_a_fence_in_the_entry_does_not_close_ours() -> None:
    card = with_citation("", VERSION, "@misc{key,\n  title = {```\n# owned},\n}")
    assert "````bibtex" in card


def test_a_backslash_in_the_entry_stays_one() -> None:
    once = with_citation("", VERSION, BIBTEX)
    assert r"{\_\1}" in with_citation(once, VERSION, r"@misc{key, title = {\_\1}}")


def test_a_pull_request_is_opened_and_the_head_stays(sandbox: Sandbox) -> None:
    client = Client(sandbox.endpoint, sandbox.users["ada"])
    with pytest.raises(DoiNotFound, match="no DOI yet"):
        propose(client, "ada/tiny-bert")
    client.mint("ada/tiny-bert", agree=client.terms("ada/tiny-bert"))
    proposal = propose(client, "ada/tiny-bert")
    assert "+doi: 10.5072/hf/0001" in proposal.difference
    assert "the commit before it" in proposal.warning
    head = client.status("ada/tiny-bert").head
    message = proposal.open()
    assert "discussions/1" in str(message.value)
    assert client.status("ada/tiny-bert").head == head
    api = client.hf_api()
    api.merge_pull_request("ada/tiny-bert", 1)
    status = client.status("ada/tiny-bert")
    assert status.state == "behind"
    assert client.changes(status).only_card
    again = propose(client, "ada/tiny-bert")
    assert again.difference == ""
    assert "already" in str(again.open())


def test_a_pull_request_that_is_open_is_not_opened_twice(sandbox: Sandbox) -> None:
    client = Client(sandbox.endpoint, sandbox.users["ada"])
    client.mint("ada/tiny-bert", agree=client.terms("ada/tiny-bert"))
    first = propose(client, "ada/tiny-bert").open()
    again = propose(client, "ada/tiny-bert").open()
    assert again.value == first.value
    assert "open already" in str(again)
    # The record is corrected meanwhile: what is proposed follows it.
    title = {"title": "A better title"}
    terms = client.preview_amendment("ada/tiny-bert", **title).terms
    client.amend("ada/tiny-bert", agree=terms, **title)
    changed = propose(client, "ada/tiny-bert").open()
    assert changed.value == first.value
    assert "updated" in str(changed)
    assert "open already" in str(propose(client, "ada/tiny-bert").open())
    api = client.hf_api()
    assert [one.num for one in api.get_repo_discussions("ada/tiny-bert")] == [1]
    # Who closes it does not want it; another one is a new proposal.
    api.change_discussion_status("ada/tiny-bert", 1, "closed")
    assert str(propose(client, "ada/tiny-bert").open().value).endswith("discussions/2")


def test_r13_the_card_that_hubdoi_reads_is_not_loaded_by_the_notebook(sandbox: Sandbox) -> None:
    client = Client(sandbox.endpoint, sandbox.users["ada"])
    client.mint("ada/tiny-bert", agree=client.terms("ada/tiny-bert"))
    recorder.start()
    propose(client, "ada/tiny-bert").open()
    assert recorder.noted() == []
    client.hf_api().hf_hub_download("ada/tiny-bert", "README.md", force_download=True)
    assert [key[:2] for key, _ in recorder.noted()] == [("model", "ada/tiny-bert")]


def test_a_card_that_is_missing_too_long_or_no_text(sandbox: Sandbox) -> None:
    client = Client(sandbox.endpoint, sandbox.users["ada"])
    api = client.hf_api()
    api.create_repo("ada/bare")
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id="ada/bare")
    assert read_card(client, client.status("ada/bare")) == ""
    for content, reason in ((b"\xff\xfe", "not UTF-8"), (b"x" * (2**22 + 1), "larger than 4 MiB")):
        # huggingface_hub itself refuses to send the first of them.
        lines = [
            {"key": "header", "value": {"summary": "Another card"}},
            {
                "key": "file",
                "value": {
                    "path": "README.md",
                    "content": base64.b64encode(content).decode(),
                    "encoding": "base64",
                },
            },
        ]
        answer = httpx.post(
            f"{sandbox.endpoint}/api/models/ada/bare/commit/main",
            content="\n".join(map(json.dumps, lines)),
            headers={
                "Authorization": f"Bearer {sandbox.users['ada']}",
                "Content-Type": "application/x-ndjson",
            },
            timeout=60,
        )
        assert answer.status_code == 200
        with pytest.raises(InvalidMetadata, match=reason):
            read_card(client, client.status("ada/bare"))

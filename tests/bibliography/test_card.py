from __future__ import annotations

import pytest

from hubdoi import Client
from hubdoi.bibliography.card import BEGIN, END, propose, with_citation
from hubdoi.records import Version
from hubdoi.records.errors import DoiNotFound
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

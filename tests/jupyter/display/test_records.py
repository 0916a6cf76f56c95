"""What each record says of itself, in text/plain, text/markdown and text/html."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hubdoi.bibliography.verdict import Review, ReviewTable
from hubdoi.citation import cite
from hubdoi.jupyter import display
from hubdoi.jupyter.display.words import doi, size
from hubdoi.provenance.use import Unclear, Use, Uses
from hubdoi.records import (
    Author,
    Changes,
    Consent,
    Contributor,
    Doi,
    Funding,
    History,
    Offer,
    Related,
    Repo,
    Status,
    Statuses,
    Terms,
    Version,
)
from hubdoi.records.amendment import Amendment, RecordChange
from hubdoi.records.errors import RepoNotFound

ENDPOINT = "http://127.0.0.1:4000"
REPO = Repo("model", "ada/tiny-bert")
OLD, HEAD = "a" * 40, "b" * 40
VERSION = Version.from_parts(
    doi="10.5072/hf/0001",
    repo=REPO,
    revision=OLD,
    authors=["Lovelace, Ada <0000-0002-1825-0097>"],
    created="2026-11-23T10:00:00Z",
    endpoint=ENDPOINT,
    state="current",
    license="mit",
    consent=Consent("ada", datetime(2026, 11, 23, 9, 59, tzinfo=UTC), "f" * 64),
)
UNREGISTERED = Status(repo=REPO, state="unregistered", head=OLD, endpoint=ENDPOINT, can_mint=True)
CURRENT = Status(
    repo=REPO, state="current", head=OLD, endpoint=ENDPOINT, versions=(VERSION,), locked=True
)
CHANGES = Changes.between(
    REPO,
    OLD,
    HEAD,
    {"README.md": ("1", 10), "model.safetensors": ("2", 10**9), "old.py": ("3", 5)},
    {"README.md": ("4", 12), "model.safetensors": ("5", 1_400_000_000), "data.csv": ("6", 3)},
)
BEHIND = replace(CURRENT, state="behind", head=HEAD, changes=CHANGES)
SANDBOX_LINK = f"{ENDPOINT}/doi/10.5072/hf/0001"


def _all(record: object) -> tuple[str, str, str]:
    bundle = display.mimebundle(record)
    assert list(bundle) == ["text/plain", "text/markdown", "text/html"]
    return tuple(bundle.values())  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (UNREGISTERED, ("No DOI", "Not locked")),
        (CURRENT, ("Up to date", "10.5072/hf/0001", "sandbox", "Locked by DOI", "aaaaaaa")),
        (
            BEHIND,
            (
                "Changed since DOI",
                "Latest commit",
                "bbbbbbb",
                "the card, the weights, the data and the code",
            ),
        ),
        (replace(UNREGISTERED, can_mint=False, obstacle="Sign in."), ("Sign in.",)),
        (replace(CURRENT, notice="The library decides."), ("The library decides.",)),
        (replace(UNREGISTERED, has_doi_api=False), ("the settings page",)),
        (replace(UNREGISTERED, mint_locks=False), ("does not lock a repository for a DOI",)),
    ],
)
def test_a_status_tells_its_state_in_words(status: Status, words: tuple[str, ...]) -> None:
    for text in _all(status):
        for word in ("ada/tiny-bert", *words):
            assert word in text


def test_a_sandbox_doi_leads_to_the_sandbox_and_a_real_one_to_doi_org() -> None:
    for text in _all(CURRENT):
        assert SANDBOX_LINK in text
        assert "doi.org" not in text
    real = VERSION.replace(doi=Doi("10.57967/hf/0039"))
    for text in _all(replace(CURRENT, versions=(real,))):
        assert "https://doi.org/10.57967/hf/0039" in text
        assert "for trying out" not in text
    assert doi(Doi("10.5072/hf/0001"), None)[0] == "10.5072/hf/0001"


def test_the_text_of_a_citation_keeps_the_standard_form() -> None:
    citation = cite(VERSION, "text", notes=["A note for the reader."])
    for text in _all(citation):
        assert "https://doi.org/10.5072/hf/0001" in text
        assert "A note for the reader." in text
    plain, markdown, html = _all(cite(VERSION))
    assert str(cite(VERSION)) in plain
    assert f"```bibtex\n{cite(VERSION)}\n```" in markdown
    assert '<pre tabindex="0"' in html


def test_a_history_is_a_table_with_the_newest_first_and_current_marked() -> None:
    newer = VERSION.replace(doi=Doi("10.5072/hf/0002"), revision=HEAD)
    history = History(REPO, (newer, VERSION.replace(state="outdated")))
    for text in _all(history):
        assert text.index("10.5072/hf/0002") < text.index("10.5072/hf/0001")
        assert text.count("Latest") == 1
        assert text.index("Latest") < text.index("Outdated")
    for text in _all(History(REPO, ())):
        assert "no DOI yet" in text


def test_changes_are_grouped_with_sizes_and_only_the_card_pushes_nobody() -> None:
    plain, markdown, html = _all(CHANGES)
    for text in (plain, markdown, html):
        assert "4 files changed" in text
        assert "1.0 GB → 1.4 GB" in text
        for word in ("Card", "Weights", "Data", "Code", "added", "removed", "modified"):
            assert word in text
    card = Changes.between(REPO, OLD, HEAD, {"README.md": ("1", 1)}, {"README.md": ("2", 2)})
    for text in _all(card):
        assert "Only the repository card changed" in text
        assert "rarely needed" in text
    for text in _all(Changes(REPO, OLD, OLD, ())):
        assert "the same" in text


def test_of_a_long_list_of_changes_the_first_are_shown() -> None:
    after = {f"part-{n:04}.bin": ("1", n) for n in range(500)}
    plain = display.plain(Changes.between(REPO, OLD, HEAD, {}, after))
    assert "500 files changed" in plain
    assert "and 480 more" in plain
    assert plain.count("part-") == 20


@pytest.mark.parametrize(
    ("octets", "shown"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1.0 kB"), (9949, "9.9 kB"),
     (12_345, "12 kB"), (999_499, "999 kB"), (999_500, "1.0 MB"), (2_500_000, "2.5 MB"),
     (14 * 10**9, "14 GB"), (7 * 10**18, "7000 PB")],
)  # fmt: skip
def test_sizes_are_in_human_units(octets: int, shown: str) -> None:
    assert size(octets) == shown


def test_a_version_shows_what_is_registered_and_who_agreed() -> None:
    for text in _all(VERSION):
        assert "Lovelace, Ada" in text
        assert "0000-0002-1825-0097" in text
        assert "ada accepted the terms on 2026-11-23 09:59 UTC" in text
    for text in _all(VERSION.replace(doi=None, state=None)):
        assert "no DOI" in text
        assert "Locked" not in text
    many = VERSION.replace(authors=VERSION.authors * 300)
    assert "and 280 more" in display.plain(many)


def test_terms_are_framed_and_whole() -> None:
    terms = Terms("First thing.\n\nSecond thing.")
    plain, markdown, html = _all(terms)
    assert "  │ First thing.\n  │\n  │ Second thing." in plain
    assert "> First thing.\n>\n> Second thing." in markdown
    assert "<blockquote><p>First thing.</p><p>Second thing.</p></blockquote>" in html


def test_a_correction_parts_one_author_from_the_next() -> None:
    change = RecordChange("authors", "Lovelace, Ada", "Lovelace, Ada\nHopper, Grace")
    for text in _all(Amendment(Doi("10.5072/hf/0001"), REPO, (change,), Terms("You agree."))):
        assert "Lovelace, Ada; Hopper, Grace" in text


def test_many_statuses_are_one_table_and_one_that_failed_is_one_row() -> None:
    other = Repo("dataset", "ada/notes")
    for text in _all(Statuses({REPO: BEHIND, other: RepoNotFound("There is no such thing.")})):
        assert "Changed since DOI" in text
        assert "datasets/ada/notes: There is no such thing." in text
    assert "No repositories found." in display.plain(Statuses({}))
    for text in _all([CURRENT, VERSION]):
        assert "Up to date" in text
        assert "Lovelace, Ada" in text


def test_uses_and_reviews_are_tables_that_can_be_sorted() -> None:
    use = Use("model", "ada/tiny-bert", None, 3, 1, "from_pretrained", "a.ipynb")
    unclear = Unclear("load_dataset", "The name is computed.", 4, 2)
    for text in _all(Uses((use,), (unclear,), ("b.ipynb cannot be read.",))):
        for word in ("ada/tiny-bert", "cell 3", "The name is computed.", "b.ipynb cannot be read."):
            assert word in text
        assert "Loaded" not in text
    loaded = replace(use, recorded=(HEAD, "b" * 40))
    for text in _all(Uses((use, loaded))):
        assert "Loaded" in text and HEAD[:7] in text and "b" * 7 in text and "b" * 8 not in text
    for text in _all(loaded):
        assert HEAD[:7] in text
    review = Review(use=use, verdict="no DOI", head=HEAD)
    plain, _, html = _all(ReviewTable((review,), (unclear,)))
    assert "no DOI" in plain
    assert f'revision="{HEAD}"' in plain
    assert 'class="hubdoi-sortable"' in html
    assert "ask for a DOI" in html
    assert "loads no models or datasets" in display.plain(Uses())
    for text in _all(review):
        assert "no DOI" in text


def test_what_nobody_registered_says_so() -> None:
    with pytest.raises(TypeError, match="There is no display for complex"):
        display.mimebundle(1j)


def test_r03_an_offer_shows_whom_the_record_names() -> None:
    version = Version.from_parts(
        repo=Repo("model", "ada/tiny-bert"),
        contributors=(Contributor(Author.person("Grace Hopper"), "DataCurator"),),
        funding=(Funding("DFG", "42"), Funding("<b>ERC</b>")),
        related=(
            Related("IsSupplementTo", "arXiv:2301.12345", "arXiv"),
            Related("IsDerivedFrom", "https://huggingface.co/bert", "URL"),
        ),
    )
    offer = Offer(repo=Repo("model", "ada/tiny-bert"), version=version, terms=Terms("Agree?"))
    for record in (offer, version):
        shown = record._repr_mimebundle_()["text/html"]
        assert "Hopper, Grace (data curator)" in shown
        assert "DFG, 42; &lt;b&gt;ERC" in shown
        assert "arXiv:2301.12345" in shown and "Derived from" in shown

"""DOIs, in every form that people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubdoi.records import TEST_PREFIX, Doi
from hubdoi.records.errors import HubdoiError, InvalidDoi

SUFFIXES = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters=" "), min_size=1, max_size=60
)
DOIS = st.builds(
    lambda number, suffix: Doi(f"10.{number}/{suffix}"), st.integers(1000, 999999999), SUFFIXES
)


@pytest.mark.parametrize(
    "written",
    [
        "10.57967/hf/0039",
        " 10.57967/hf/0039 ",
        "doi:10.57967/hf/0039",
        "DOI: 10.57967/hf/0039",
        "info:doi/10.57967/hf/0039",
        "https://doi.org/10.57967/hf/0039",
        "http://dx.doi.org/10.57967/hf/0039",
        "doi.org/10.57967/hf/0039",
        "https://www.doi.org/10.57967%2Fhf%2F0039",
        "http://127.0.0.1:41233/doi/10.57967/hf/0039",
        "https://doi.org/10.57967/hf/0039?from=mail",
    ],
)
def test_a_doi_is_read_in_any_form(written: str) -> None:
    assert Doi.parse(written) == Doi("10.57967/hf/0039")
    assert Doi.is_doi(written)


def test_dois_are_compared_without_case_and_shown_as_registered() -> None:
    upper, lower = Doi("10.5072/HF/Ab"), Doi("10.5072/hf/aB")
    assert upper == lower
    assert hash(upper) == hash(lower)
    assert upper == "10.5072/hf/ab"
    assert str(upper) == "10.5072/HF/Ab"
    assert upper != Doi("10.5072/hf/ac")
    assert (upper == 5) is False


def test_the_parts_of_a_doi() -> None:
    doi = Doi("10.57967/hf/0039")
    assert (doi.prefix, doi.suffix) == ("10.57967", "hf/0039")
    assert doi.url == "https://doi.org/10.57967/hf/0039"
    assert not doi.is_test
    assert Doi(f"{TEST_PREFIX}/hf/0001").is_test
    assert repr(doi) == "Doi('10.57967/hf/0039')"


def test_a_test_doi_resolves_only_at_the_hub_that_registered_it() -> None:
    hub = "http://127.0.0.1:4000/"
    assert Doi("10.57967/hf/0039").url_at(hub) == "https://doi.org/10.57967/hf/0039"
    assert Doi(f"{TEST_PREFIX}/a/../b#c").url_at(hub) == (
        "http://127.0.0.1:4000/doi/10.5072%2Fa%2F..%2Fb%23c"
    )


def test_an_address_holds_nothing_that_breaks_out() -> None:
    assert Doi("10.1002/(SICI)1<a\"b'>#?").url == (
        "https://doi.org/10.1002/(SICI)1%3Ca%22b%27%3E%23%3F"
    )


@pytest.mark.parametrize(
    "written",
    [
        "",
        "10.57967",
        "10.57967/",
        "11.57967/hf/0039",
        "10.579/x",
        "10.٥٧٩٦٧/hf/0039",
        "10.57967/hf 0039",
        "10.57967/hf\n0039",
        "10.57967/hf\u202e0039",
        "10.57967/hf\ud800",
        "10.57967/" + "x" * 3000,
        "https://doi.org/",
        "https://[10.57967/hf/0039",
        "https://doi\u2100org/10.57967/hf/0039",
        "ada/tiny-bert",
        "x" * 100_000,
    ],
)
def test_what_is_no_doi_is_refused_in_one_short_sentence(written: str) -> None:
    with pytest.raises(InvalidDoi) as refused:
        Doi.parse(written)
    assert "is not a DOI; write it like 10.57967/hf/0039" in refused.value.message
    assert len(refused.value.message) < 300
    assert not Doi.is_doi(written)


@pytest.mark.parametrize("name", [None, 5, b"10.57967/hf/0039", ["10.57967/hf/0039"]])
def test_only_text_is_a_name(name: object) -> None:
    with pytest.raises(InvalidDoi):
        Doi(name)  # type: ignore[arg-type]


@given(DOIS)
def test_every_doi_survives_every_form(doi: Doi) -> None:
    for form in (doi.name, f"doi:{doi}", doi.url, f"  {doi} "):
        assert Doi.parse(form).name == doi.name
    assert Doi.parse(doi) is doi


@given(
    st.text() | st.text().map(lambda text: "10.5072/" + text) | st.text().map("https://".__add__)
)
def test_no_text_raises_anything_else(text: str) -> None:
    try:
        doi = Doi.parse(text)
    except HubdoiError:
        return
    assert Doi.parse(doi.name) == doi
    assert doi.name.isprintable()

"""The tree of errors."""

from __future__ import annotations

import inspect

import pytest

from hubdoi.records import Doi, Terms, Version, errors
from hubdoi.records.errors import HubdoiError

CLASSES = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, HubdoiError) and kind.__module__ == errors.__name__
]


def test_every_error_says_what_it_is() -> None:
    for kind in CLASSES:
        assert (kind.__doc__ or "").strip().splitlines()[0].endswith((".", "register.")), kind


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_is_made_from_one_sentence(kind: type[HubdoiError]) -> None:
    error = kind("What happened, and the way out.")
    assert error.message == str(error) == "What happened, and the way out."
    # A mint that somebody decides on first is accepted, not failed (RFC 9110, 15.3.3).
    assert 400 <= kind.http_status < 600 or (kind, kind.http_status) == (errors.InReview, 202)
    with pytest.raises(HubdoiError):
        raise error


def test_an_error_without_a_sentence_still_has_a_message() -> None:
    assert HubdoiError().message == "HubdoiError"


def test_what_cannot_be_read_is_a_value_error_and_a_missing_library_an_import_error() -> None:
    assert issubclass(errors.InvalidInput, ValueError)
    assert issubclass(errors.MissingLibrary, ImportError)


def test_what_somebody_may_not_do_is_no_fault_of_the_server() -> None:
    for kind in CLASSES:
        if issubclass(kind, errors.AccessError):
            assert kind.http_status in (401, 403), kind


def test_r03_a_consent_error_carries_the_terms() -> None:
    terms = Terms("text")
    assert errors.ConsentRequired("No.", terms).terms is terms
    assert errors.TermsChanged("No.").terms is None


def test_r08_already_registered_names_the_doi_in_the_same_words_everywhere() -> None:
    version = Version(doi=Doi("10.5072/hf/0001"))
    error = errors.already_registered(Doi("10.5072/hf/0001"), "abcdef0" + "0" * 33, version)
    assert error.version is version
    assert error.message == (
        "Revision abcdef0 already has the DOI 10.5072/hf/0001; "
        "push a commit first if you want a new one."
    )


@pytest.mark.parametrize("prefix", ["hf_", "hfs_", "hubdoi_"])
def test_a_message_repeats_no_token(prefix: str) -> None:
    token = prefix + "aB3-" * 8
    for kind in CLASSES:
        error = kind(f"{token!r} is no name, and https://{token}@hub.example no URL.")
        assert "aB3" not in f"{error} {error.message} {error!r} {error.args}"
        assert prefix in error.message
    named = "ada/" + token
    assert HubdoiError(f"There is no {named}.").message == f"There is no {named}."

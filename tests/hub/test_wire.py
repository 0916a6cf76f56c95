"""How errors travel."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubdoi.hub.doi_api import NoDoiApi
from hubdoi.hub.wire import error_answer, error_from_answer
from hubdoi.records import Doi, Repo, Terms, Version, errors
from hubdoi.records.errors import HubdoiError

VERSION = Version(
    doi=Doi("10.5072/hf/0001"), repo=Repo("model", "ada/tiny-bert"), revision="a" * 40
)
KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, HubdoiError)
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_arrives_as_it_was_sent(kind: type[HubdoiError]) -> None:
    status, headers, body = error_answer(kind("What happened – in Zürich."))
    assert status == kind.http_status
    assert headers == {
        "X-Error-Code": kind.__name__,
        "X-Error-Message": "What happened ? in Zürich.",
    }
    arrived = error_from_answer(status, body, fallback="")
    assert type(arrived) is kind
    assert arrived.message == "What happened – in Zürich."


def test_r03_the_terms_travel_along() -> None:
    for kind in (errors.ConsentRequired, errors.TermsChanged):
        status, _, body = error_answer(kind("No.", Terms("Text\n")))
        arrived = error_from_answer(status, body, fallback="")
        assert isinstance(arrived, kind)
        assert arrived.terms == Terms("Text\n")


def test_r08_the_version_travels_along() -> None:
    status, _, body = error_answer(errors.AlreadyRegistered("It has one.", VERSION))
    assert body["doi"] == "10.5072/hf/0001"
    arrived = error_from_answer(status, body, fallback="")
    assert isinstance(arrived, errors.AlreadyRegistered)
    assert arrived.version == VERSION


def test_r01_the_reason_travels_along() -> None:
    status, _, body = error_answer(errors.RepoNotEligible("It is private.", "private"))
    arrived = error_from_answer(status, body, fallback="")
    assert isinstance(arrived, errors.RepoNotEligible)
    assert arrived.reason == "private"


def test_a_class_of_one_module_travels_as_the_nearest_of_the_tree() -> None:
    status, headers, body = error_answer(NoDoiApi("There is none."))
    assert (status, body["code"], headers["X-Error-Code"]) == (404, "RepoNotFound", "RepoNotFound")


def test_a_header_is_one_short_line() -> None:
    _, headers, body = error_answer(HubdoiError("a\r\nSet-Cookie: x\n" + "y" * 1000))
    assert "\n" not in headers["X-Error-Message"]
    assert "\r" not in headers["X-Error-Message"]
    assert len(headers["X-Error-Message"]) <= 500
    assert len(body["error"]) > 1000


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.ServiceRefused),
        (401, errors.SignInRequired),
        (403, errors.WriteAccessRequired),
        (404, errors.RepoNotFound),
        (418, errors.ServiceRefused),
        (429, errors.ServiceBusy),
        (500, errors.ServiceFailed),
        (503, errors.ServiceFailed),
    ],
)
@pytest.mark.parametrize("body", [None, [], "text", {}, {"error": 5}, {"code": "ConsentRequired"}])
def test_an_answer_without_a_name_is_read_by_its_status(
    status: int, kind: type[HubdoiError], body: Any
) -> None:
    error = error_from_answer(status, body, fallback="The Hub refused.")
    assert type(error) is kind
    assert error.message == "The Hub refused."


@pytest.mark.parametrize(
    "code", ["annotations", "TYPE_CHECKING", "already_registered", "__doc__", "Doi", 5, ["x"], None]
)
def test_a_name_that_is_no_error_is_not_called(code: Any) -> None:
    error = error_from_answer(409, {"error": "No.", "code": code}, fallback="")
    assert type(error) is errors.ServiceRefused
    assert error.message == "No."


@given(
    st.integers(400, 599),
    st.dictionaries(
        st.sampled_from(["error", "code", "terms", "version", "doi", "reason"]),
        st.sampled_from([kind.__name__ for kind in KINDS]) | st.just({"text": "\ud800"}) | JSON,
    )
    | JSON,
)
def test_whatever_a_server_answers_is_one_plain_error(status: int, body: Any) -> None:
    try:
        error = error_from_answer(status, body, fallback="The Hub refused.")
    except errors.UnexpectedAnswer as unexpected:
        error = unexpected
    assert isinstance(error, HubdoiError)
    assert error.message is not None

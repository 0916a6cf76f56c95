"""What a person asks for when they mint."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubdoi.records import MAX_AUTHORS, Author, MintRequest
from hubdoi.records.errors import HubdoiError, InvalidAuthor, InvalidMetadata, InvalidRevision

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
KEYS = ("agree", "terms", "revision", "authors", "title", "description")


def test_r05_a_request_is_read_and_written() -> None:
    body = {
        "agree": True,
        "terms": "abc",
        "revision": "ABCDEF0",
        "authors": ["Lovelace, Ada", {"name": "Engine", "type": "organization"}],
        "title": "  Tiny\u2028  BERT ",
        "description": "Two\nlines",
    }
    request = MintRequest.from_json(body)
    assert request.agree is True
    assert request.revision == "abcdef0"
    assert request.authors == (Author.person("Lovelace, Ada"), Author("Engine", "organization"))
    assert request.title == "Tiny BERT"
    assert request.description == "Two\nlines"
    assert MintRequest.from_json(request.to_json()) == request


@pytest.mark.parametrize("agree", [1, 1.0, "true", [True], {"yes": True}, None, False, "yes"])
def test_r03_only_true_is_consent(agree: Any) -> None:
    assert MintRequest.from_json({"agree": agree, "terms": "x"}).agree is False
    assert MintRequest.from_json({"terms": "x"}).agree is False


def test_what_is_empty_is_as_if_it_were_not_there() -> None:
    request = MintRequest.from_json({"title": " \u2028 ", "revision": "", "authors": None})
    assert (request.title, request.revision, request.authors) == (None, None, None)
    assert MintRequest.from_json({"description": ""}).description == ""


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"surprise": 1}, InvalidMetadata),
        ({"x" * 100_000: 1}, InvalidMetadata),
        ({"\ud800": 1}, InvalidMetadata),
        ({"title": 5}, InvalidMetadata),
        ({"title": "x" * 1001}, InvalidMetadata),
        ({"title": "two\nlines\x00"}, InvalidMetadata),
        ({"title": "\ud800"}, InvalidMetadata),
        ({"description": "x" * 20_001}, InvalidMetadata),
        ({"description": "\x1b[31m"}, InvalidMetadata),
        ({"description": ["x"]}, InvalidMetadata),
        ({"terms": 5}, InvalidMetadata),
        ({"revision": 5}, InvalidMetadata),
        ({"revision": "main"}, InvalidRevision),
        ({"revision": "abc"}, InvalidRevision),
        ({"revision": "a" * 41}, InvalidRevision),
        ({"authors": []}, InvalidAuthor),
        ({"authors": "Ada"}, InvalidAuthor),
        ({"authors": {"name": "Ada"}}, InvalidAuthor),
        ({"authors": [[["Ada"]]]}, InvalidAuthor),
        ({"authors": ["Ada", None]}, InvalidAuthor),
        ({"authors": ["Ada"] * (MAX_AUTHORS + 1)}, InvalidAuthor),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_short_sentence(
    body: dict[str, Any], error: type[HubdoiError]
) -> None:
    with pytest.raises(error) as refused:
        MintRequest.from_json(body)
    assert len(refused.value.message) < 300
    refused.value.message.encode()


@given(st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=6), JSON, max_size=6))
def test_no_body_raises_anything_but_a_plain_error(body: dict[str, Any]) -> None:
    try:
        request = MintRequest.from_json(body)
    except HubdoiError as error:
        assert error.http_status == 422
        return
    assert request.agree is (body.get("agree") is True)
    assert MintRequest.from_json(request.to_json()).to_json() == request.to_json()

"""Look-ups at ORCID and ROR, as the sandbox plays them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from hubdoi.config import Config
from hubdoi.identity import LookUp, Match, lookup, orcid, ror
from hubdoi.records.errors import ServiceBusy, ServiceRefused, ServiceUnreachable
from hubdoi.sandbox import Sandbox

ADA = Match("Lovelace, Ada", "0000-0000-1815-1211", "Analytical Engine Society")


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_asked() -> None:
    lookup._answers.clear()
    lookup._sent.clear()


def _names(world: Sandbox, **settings: Any) -> LookUp:
    return LookUp(Config(endpoint=world.endpoint, **settings))


@pytest.mark.parametrize(
    "text", ["ada lov", "Lovelace, Ad", "0000-0000-1815-1211", "  Ada  Lovelace "]
)
def test_people_by_the_beginning_of_their_names(world: Sandbox, text: str) -> None:
    assert ADA in _names(world).find("orcid", text)


def test_organisations_by_words(world: Sandbox) -> None:
    assert _names(world).find("ror", "engine society") == (
        Match("Analytical Engine Society", "05a28rw58", "London, United Kingdom"),
    )
    assert _names(world).find("ror", "nothing like that") == ()


def test_what_is_too_short_or_switched_off_is_not_asked(world: Sandbox) -> None:
    assert _names(world).find("orcid", "ad") == ()
    assert _names(world).find("surprise", "ada lovelace") == ()
    assert not _names(world, lookup=False).is_on
    assert _names(world, lookup=False).find("orcid", "ada") == ()
    assert Config.resolve(environ={"HUBDOI_LOOKUP": "0"}).lookup is False
    assert lookup._sent == {}


def test_an_answer_is_asked_for_once_and_the_number_is_bounded(
    world: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(lookup.RATES, "orcid", (2, 3600.0))
    for _ in range(5):
        _names(world).find("orcid", "Ada Lovelace")
        _names(world).find("orcid", "ada  lovelace")
    _names(world).find("orcid", "grace")
    with pytest.raises(ServiceBusy, match="wait a little"):
        _names(world).find("orcid", "charles")


def test_a_service_that_is_gone_or_refuses_is_one_sentence(world: Sandbox) -> None:
    with pytest.raises(ServiceUnreachable):
        _names(world, orcid_api="http://127.0.0.1:9").find("orcid", "ada")
    with pytest.raises(ServiceRefused, match="HTTP 404"):
        _names(world, ror_api=f"{world.endpoint}/orcid").find("ror", "engine")


def test_the_sandbox_answers_in_the_shapes_of_the_services(world: Sandbox) -> None:
    nobody = httpx.get(f"{world.endpoint}/orcid{orcid.PATH}", params=orcid.query("zzz", 8)).json()
    assert nobody == {"expanded-result": None, "num-found": 0}
    found = httpx.get(f"{world.endpoint}/ror{ror.PATH}", params=ror.query("compilers")).json()
    assert found["items"][0]["id"] == "https://ror.org/0000nav20"


@pytest.mark.parametrize(
    "answer",
    [None, 5, [], {}, {"expanded-result": [5, {}]}, {"items": [{}, {"id": "x"}, 7]},
     {"expanded-result": [{"orcid-id": "0000-0000-1815-1212", "family-names": "X"}]},
     {"items": [{"id": "https://ror.org/05a28rw58", "names": [5], "locations": [7]}]},
     {"items": [{"id": "https://ror.org/05a28rw58", "status": "withdrawn",
                 "names": [{"value": "Old"}]}]}],
)  # fmt: skip
def test_what_cannot_be_read_is_left_out(answer: Any) -> None:
    assert orcid.matches(answer) == ()
    assert ror.matches(answer) == ()


def test_words_of_the_query_language_are_words() -> None:
    assert orcid.query('a" OR orcid:* {!x}', 8)["q"] == (
        "given-and-family-names:a* AND given-and-family-names:OR* AND "
        "given-and-family-names:orcid* AND given-and-family-names:x*"
    )

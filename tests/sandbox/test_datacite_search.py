"""Looking records up in the DataCite-compatible API."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from sqlalchemy import exists, select

from hubdoi.records import MintRequest, Person, Repo
from hubdoi.records.amendment import AmendRequest
from hubdoi.sandbox import Sandbox
from hubdoi.sandbox.changes import Change
from hubdoi.sandbox.datacite_query import condition
from hubdoi.sandbox.registrar_tables import NOT_INDEXED
from hubdoi.sandbox.world import World
from tests.sandbox.datacite_account import URL, account_of, body, ids, metadata

ADA = Person("ada", "Ada Lovelace")
TINY_BERT = Repo("model", "ada/tiny-bert")


@pytest.fixture(scope="module")
def library() -> Iterator[httpx.Client]:
    """Who reads a sandbox with four public records, one of them minted, a draft, and a hidden one."""
    with Sandbox(clock="2026-11-23T09:00:00Z") as running:
        world = running.world
        info = world.store.info(TINY_BERT, ADA)
        request = MintRequest(agree=True, terms=world.registrar.terms.digest)
        world.service.mint(info.repo, ADA, request)
        for doi, title, name, event in (
            ("10.5072/a", "Notes on the Engine", "Lovelace, Ada", "publish"),
            ("10.5072/b", "Notes on compilers", "Hopper, Grace", "publish"),
            ("10.5072/c", "Crème brûlée", "Hopper, Grace", "publish"),
            ("10.5072/d", "Notes in a drawer", "Hopper, Grace", None),
            ("10.5072/e", "Notes behind a curtain", "Hopper, Grace", "register"),
        ):
            given = metadata(url=URL, doi=doi, titles=[{"title": title}], creators=[{"name": name}])
            with account_of(running) as account:
                answer = account.post("/dois", content=body(**given, event=event))
                answer.raise_for_status()
        with httpx.Client(base_url=running.datacite_url) as reader:
            reader.owner = account_of(running)  # type: ignore[attr-defined]
            yield reader
            reader.owner.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "abc1"), ("*", "abc1"), ("notes", "ab1"), ("titles.title:notes", "ab"), ("titles.title:NOTE*", "ab"),
        ("titles.title:(compilers OR engine)", "ab"), ('titles.title:"notes on the"', "a"), ('"the on notes"', ""),
        ("notes AND compilers", "b"), ("notes compilers", "b"), ("notes NOT compilers", "a1"), ("notes -compilers", "a1"),
        ("notes && !compilers", "a1"), ('creators.name:"Hopper, Grace"', "bc"), ("creators.name:Lovelace", "a1"),
        ("titles.title:lovelace", ""), ("creme", "c"), ("doi:10.5072/A", "a"), ('doi:"10.5072/a"', "a"),
        ("doi:10.5072\\/a", "a"), ("doi:(10.5072/a OR 10.5072/b OR 10.5072/none)", "ab"),
        ("doi:10.5072/a OR doi:10.5072/c", "ac"), ("id:10.5072/hf/*", "1"), ("prefix:10.5072", "abc1"), ("prefix:10.1", ""),
        ("client-id:sandbox.hf", "abc1"), ("client.uid:other.one", ""), ("state:findable", "abc1"), ("state:draft", ""),
        ("publicationYear:1843", "abc"), ("types.resourceTypeGeneral:Model", "1"), ("publisher.name:taylor", "abc"),
        ('alternateIdentifiers.alternateIdentifier:"ada/tiny-bert"', "1"), ("nosuchfield:x", ""), ("titles.title:*", "abc1"),
        ("(notes OR creme) AND (creators.name:hopper)", "bc"), ("NOT NOT notes", "ab1"), ("+notes +engine", "a"),
        ("notes OR creme compilers", "ab1"), ("...", ""), ('url:"https://example.org/object"', "abc"),
    ],
)  # fmt: skip
def test_queries(library: httpx.Client, query: str, expected: str) -> None:
    found = ids(library.get("/dois", params={"query": query}))
    assert "".join(sorted(doi[-1] for doi in found)) == "".join(sorted(expected))


@pytest.mark.parametrize(
    "query",
    ["(", ")", '"', "a OR", "AND", "a AND OR b", "*x", "x?y", "doi:*", "titles.title:[a TO b]", "(" * 200, "NOT " * 200 + "a",
     "a " * 300, "x" * 60_001, "titles.title:)", "a OR (b", "- a", "\\"],
)  # fmt: skip
def test_queries_that_cannot_be_read(library: httpx.Client, query: str) -> None:
    answer = library.get("/dois", params={"query": query})
    if query in ("doi:*", "- a", "\\"):
        assert answer.status_code in (200, 400)
    else:
        assert answer.status_code == 400, answer.text
        assert answer.json()["errors"][0]["title"].endswith(".")


@pytest.mark.parametrize("query", ["title:x\" OR title:y", "a'); DROP TABLE register_records; --", "NEAR(a b)", "a^2", "{title creators}: x", "titles.title:\"a\"\"b\"", "\x00", "é" * 500])  # fmt: skip
def test_queries_do_not_reach_the_database_as_code(library: httpx.Client, query: str) -> None:
    assert library.get("/dois", params={"query": query}).status_code in (200, 400)
    assert len(ids(library.get("/dois"))) == 4


def test_who_sees_what_in_lists(library: httpx.Client) -> None:
    assert len(ids(library.get("/dois"))) == 4
    assert len(ids(library.owner.get("/dois"))) == 6  # type: ignore[attr-defined]
    assert ids(library.owner.get("/dois", params={"state": "draft"})) == ["10.5072/d"]  # type: ignore[attr-defined]
    assert ids(library.get("/dois", params={"state": "draft"})) == []
    assert ids(library.get("/dois", params={"ids": "10.5072/d,10.5072/A, 10.5072/none"})) == [
        "10.5072/a"
    ]
    assert ids(library.get("/dois", params={"prefix": "10.1234"})) == []
    assert len(ids(library.get("/dois", params={"prefix": "10.1234,10.5072"}))) == 4
    assert len(ids(library.get("/dois", params={"client-id": "SANDBOX.HF"}))) == 4
    assert ids(library.get("/dois", params={"client-id": "other"})) == []


def test_lists_are_paged(library: httpx.Client) -> None:
    answer = library.get("/dois", params={"page[size]": 3, "sort": "name"})
    assert ids(answer) == ["10.5072/a", "10.5072/b", "10.5072/c"]
    assert answer.json()["meta"] == {"total": 4, "totalPages": 2, "page": 1}
    last = httpx.get(answer.json()["links"]["next"])
    assert ids(last) == ["10.5072/hf/0001"] and "next" not in last.json()["links"]
    assert ids(library.get("/dois", params={"sort": "-created"}))[0] == "10.5072/c"
    assert ids(library.get("/dois", params={"sort": "created"}))[0] == "10.5072/hf/0001"
    assert ids(library.get("/dois", params={"page[size]": 0})) == []
    assert len(ids(library.get("/dois", params={"page[size]": 100_000}))) == 4
    seen, address = [], "/dois?page[cursor]=1&page[size]=2"
    while address:
        page = library.get(address)
        seen += ids(page)
        assert page.json()["meta"]["total"] == 4
        address = page.json()["links"].get("next")
    assert len(seen) == len(set(seen)) == 4


@pytest.mark.parametrize(
    "params",
    [{"page[size]": "x"}, {"page[size]": "-1"}, {"page[number]": "0"}, {"page[number]": "9" * 30}, {"page[number]": "99999"},
     {"page[cursor]": "x"}, {"state": "lost"}, {"ids": ",".join(f"10.5072/{i}" for i in range(1001))}, {"page[size]": "²"}],
)  # fmt: skip
def test_parameters_that_cannot_be(library: httpx.Client, params: dict[str, str]) -> None:
    answer = library.get("/dois", params=params)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["title"].endswith(".")


def test_a_thousand_dois_in_one_request(library: httpx.Client) -> None:
    many = ["10.5072/a", *(f"10.5072/missing-{i}" for i in range(999))]
    assert ids(library.get("/dois", params={"query": f"doi:({' OR '.join(many)})"})) == [
        "10.5072/a"
    ]
    assert ids(library.get("/dois", params={"ids": ",".join(many), "page[size]": 1000})) == [
        "10.5072/a"
    ]


@pytest.mark.parametrize(
    "path", ["/dois/10.5072/none", "/dois/nonsense", "/dois/10.5072/%00", "/dois/"]
)
def test_unknown_dois_are_404_in_json_api(library: httpx.Client, path: str) -> None:
    answer = library.get(path, follow_redirects=False)
    if path != "/dois/":
        assert answer.status_code == 404
        assert answer.json()["errors"][0]["status"] == "404"


def test_heartbeat(library: httpx.Client) -> None:
    assert library.get("/heartbeat").text == "OK"


def _found(world: World, query: str) -> list[str]:
    asked = condition(query, client="sandbox.hf")
    assert asked is not None
    return [record.doi.name for record in world.datacite.find([asked], limit=25).records]


def _mint(world: World, repo: Repo = TINY_BERT) -> str:
    request = MintRequest(agree=True, terms=world.registrar.terms.digest)
    return str(world.service.mint(repo, ADA, request).doi)


def test_a_mint_between_two_searches_is_found_by_the_second(world: World) -> None:
    first = _mint(world)
    assert _found(world, "titles.title:bert") == [first]
    second = _mint(world, Repo("dataset", "ada/notes"))
    assert _found(world, "titles.title:notes") == [second]
    assert _found(world, "publisher:hugging") == [second, first]


def test_a_correction_is_found_by_what_it_says(world: World) -> None:
    doi = _mint(world)
    assert _found(world, "titles.title:bert") == [doi]
    terms = world.service.preview_amendment(TINY_BERT, ADA, AmendRequest(title="Engine")).terms
    request = AmendRequest(title="Engine", agree=True, terms=terms.digest)
    world.service.amend(TINY_BERT, ADA, request)
    assert _found(world, "titles.title:engine") == [doi]
    assert _found(world, "titles.title:bert") == []


def test_a_renamed_repository_is_found_by_its_name(world: World) -> None:
    world.ledger.endpoint = "https://hub.example"
    doi = _mint(world)
    assert _found(world, 'url:"ada/tiny-bert"') == [doi]
    world.support.ask(TINY_BERT, ADA, "move", "We renamed it.", to="ada/small-engine")
    world.support.grant(1)
    assert _found(world, 'url:"ada/small-engine"') == [doi]
    assert _found(world, 'url:"ada/tiny-bert"') == []


def test_a_version_is_found_by_the_doi_of_the_next(world: World) -> None:
    first = _mint(world)
    query = 'relatedIdentifiers.relatedIdentifier:"hf/0002"'
    assert _found(world, query) == []
    found = world.store.info(TINY_BERT, ADA)
    world.store.commits.commit(found.uid, ADA, Change({"x.bin": b"x"}), title="two")
    second = _mint(world)
    assert second.endswith("hf/0002")
    assert first in _found(world, query)


def test_only_a_search_for_words_indexes_them(world: World) -> None:
    _mint(world)

    def waits() -> bool:
        with world.reading() as db:
            return bool(db.scalar(select(exists().where(NOT_INDEXED))))

    assert world.datacite.find([], limit=25).total == 1
    assert len(_found(world, "prefix:10.5072 state:findable")) == 1
    assert waits()
    assert len(_found(world, "NOT (state:draft OR titles.title:engine)")) == 1
    assert not waits()


def test_a_reserved_doi_is_found_by_itself_and_then_by_its_record(world: World) -> None:
    reserved = world.service.reserve(TINY_BERT, ADA)
    assert _found(world, "identifiers.identifier:hf state:draft") == [str(reserved.doi)]
    assert _found(world, "titles.title:bert") == []
    assert _mint(world) == str(reserved.doi)
    assert _found(world, "titles.title:bert") == [str(reserved.doi)]


def test_a_search_does_not_wait_for_a_foreign_writer(world: World) -> None:
    first = _mint(world)
    assert _found(world, "publisher:hugging") == [first]
    second = _mint(world, Repo("dataset", "ada/notes"))
    with closing(sqlite3.connect(world.data / "sandbox.db", isolation_level=None)) as foreign:
        foreign.execute("BEGIN IMMEDIATE")
        # What was minted a moment ago waits for the next search.
        assert _found(world, "publisher:hugging") == [first]
    assert _found(world, "publisher:hugging") == [second, first]


def test_a_register_of_an_earlier_version_is_searched(tmp_path: Path) -> None:
    with World(tmp_path / "data") as world:
        first = _mint(world)
        assert _found(world, "titles.title:bert") == [first]
        with world.transaction() as db:
            db.exec_driver_sql("DROP INDEX register_records_not_indexed")
            db.exec_driver_sql("DROP INDEX register_records_written")
            db.exec_driver_sql("ALTER TABLE register_records DROP COLUMN is_indexed")
    for _ in range(2):
        with World(tmp_path / "data") as world:
            assert _found(world, "titles.title:bert") == [first]
    with World(tmp_path / "data") as world:
        second = _mint(world, Repo("dataset", "ada/notes"))
        assert _found(world, "publisher:hugging") == [second, first]


def test_every_lookup_uses_an_index(world: World) -> None:
    from sqlalchemy import select, text

    from hubdoi.sandbox.registrar_tables import records

    queries = [
        "doi:10.5072/a",
        "doi:10.5072/a*",
        "prefix:10.5072",
        "titles.title:x",
        "doi:(10.5072/a OR 10.5072/b)",
        "state:draft",
    ]
    for query in queries:
        asked = condition(query, client="sandbox.hf")
        statement = select(records.c.id).where(asked).order_by(records.c.id.desc()).limit(25)
        compiled = str(statement.compile(world.engine, compile_kwargs={"literal_binds": True}))
        with world.reading() as db:
            plan = [
                row.detail
                for row in db.execute(text("EXPLAIN QUERY PLAN " + compiled.replace(":", "\\:")))
            ]
        assert not any(
            step.startswith("SCAN register_records") and "INDEX" not in step for step in plan
        ), (query, plan)

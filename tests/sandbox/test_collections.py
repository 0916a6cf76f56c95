"""Collections, with huggingface_hub's own calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from hubdoi.sandbox import Sandbox

Ask = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def demo() -> Iterator[Sandbox]:
    """One for all tests here: each of them makes collections of its own."""
    with Sandbox() as running:
        yield running


def refused(call: Callable[[], object]) -> int:
    with pytest.raises(HfHubHTTPError) as caught:
        call()
    return caught.value.response.status_code


def test_create_and_change(ada: HfApi, demo: Sandbox) -> None:
    made = ada.create_collection("Engines & notes", description="Of 1843")
    assert made.slug.startswith("ada/engines-notes-")
    assert (made.description, made.items, made.private) == ("Of 1843", [], False)
    assert made.url == f"{demo.endpoint}/collections/{made.slug}"
    changed = ada.update_collection_metadata(made.slug, title="Other", theme="pink", private=True)
    assert (changed.title, changed.theme, changed.private) == ("Other", "pink", True)
    # The id at the end stays, and finds it under both names.
    assert changed.slug.rpartition("-")[2] == made.slug.rpartition("-")[2]
    assert ada.get_collection(made.slug).slug == ada.get_collection(changed.slug).slug
    assert changed.description == "Of 1843"


def test_a_title_is_taken_once(ada: HfApi) -> None:
    made = ada.create_collection("Twice")
    assert refused(lambda: ada.create_collection("Twice")) == 409
    assert ada.create_collection("Twice", exists_ok=True).slug == made.slug
    ours = ada.create_collection("Twice", namespace="analytical-engine")
    assert ours.slug.startswith("analytical-engine/twice-")


def test_items(ada: HfApi) -> None:
    inner = ada.create_collection("Inside")
    made = ada.create_collection("With items")
    ada.add_collection_item(made.slug, "ada/tiny-bert", "model", note="Small")
    ada.add_collection_item(made.slug, "ada/notes", "dataset")
    full = ada.add_collection_item(made.slug, inner.slug, "collection")
    assert [(item.item_id, item.item_type, item.note) for item in full.items] == [
        ("ada/tiny-bert", "model", "Small"),
        ("ada/notes", "dataset", None),
        (inner.slug, "collection", None),
    ]
    assert refused(lambda: ada.add_collection_item(made.slug, "ada/notes", "dataset")) == 409
    ada.add_collection_item(made.slug, "ada/notes", "dataset", exists_ok=True)
    assert refused(lambda: ada.add_collection_item(made.slug, "ada/notes", "model")) == 404
    assert refused(lambda: ada.add_collection_item(made.slug, "2307.09288", "paper")) == 501
    assert refused(lambda: ada.add_collection_item(made.slug, made.slug, "collection")) == 400
    first = full.items[0].item_object_id
    ada.update_collection_item(made.slug, first, note="Tiny", position=2)
    moved = ada.get_collection(made.slug).items
    assert [item.item_id for item in moved] == ["ada/notes", inner.slug, "ada/tiny-bert"]
    assert [item.position for item in moved] == [0, 1, 2]
    assert moved[2].note == "Tiny"
    ada.delete_collection_item(made.slug, first)
    ada.delete_collection_item(made.slug, first, missing_ok=True)
    assert refused(lambda: ada.update_collection_item(made.slug, first, note="x")) == 404
    ada.delete_collection(inner.slug)
    assert [item.item_id for item in ada.get_collection(made.slug).items] == ["ada/notes"]


def test_items_follow_their_repositories(ada: HfApi) -> None:
    ada.create_repo("ada/first-name")
    ada.create_repo("ada/short-lived")
    made = ada.create_collection("Follows")
    for name in ("ada/first-name", "ada/short-lived"):
        ada.add_collection_item(made.slug, name, "model")
    ada.move_repo("ada/first-name", "ada/second-name")
    ada.delete_repo("ada/short-lived")
    (item,) = ada.get_collection(made.slug).items
    assert item.item_id == "ada/second-name"


def test_what_is_private_stays_so(ada: HfApi, grace: HfApi, nobody: HfApi) -> None:
    made = grace.create_collection("Hidden", private=True)
    grace.add_collection_item(made.slug, "grace/secret-model", "model")
    for other in (ada, nobody):
        assert refused(lambda api=other: api.get_collection(made.slug)) == 404
        assert list(other.list_collections(owner="grace")) == []
    grace.update_collection_metadata(made.slug, private=False)
    for other in (ada, nobody):
        assert other.get_collection(made.slug).items == []
        assert list(other.list_collections(item="models/grace/secret-model")) == []
    assert len(grace.get_collection(made.slug).items) == 1


def test_who_may_change_them(ada: HfApi, grace: HfApi, nobody: HfApi) -> None:
    made = ada.create_collection("Mine")
    for other, status in ((grace, 403), (nobody, 401)):
        for call in (
            lambda api=other: api.update_collection_metadata(made.slug, title="Yours"),
            lambda api=other: api.add_collection_item(made.slug, "ada/notes", "dataset"),
            lambda api=other: api.delete_collection(made.slug),
        ):
            assert refused(call) == status
    assert refused(lambda: grace.create_collection("Hers", namespace="ada")) == 403
    ours = ada.create_collection("Ours", namespace="analytical-engine")
    assert grace.update_collection_metadata(ours.slug, title="Of both").title == "Of both"


def test_lists(ada: HfApi) -> None:
    one, two = (ada.create_collection(f"Listed {number}") for number in range(2))
    ada.add_collection_item(one.slug, "ada/tiny-bert", "model")
    found = [item.slug for item in ada.list_collections(item="models/ada/tiny-bert")]
    assert one.slug in found and two.slug not in found
    assert {one.slug, two.slug} <= {item.slug for item in ada.list_collections(owner="ada")}
    assert list(ada.list_collections(item="models/ada/none")) == []
    newest = next(iter(ada.list_collections(owner="ada", sort="lastModified", limit=1)))
    assert newest.last_updated >= ada.get_collection(two.slug).last_updated


def test_delete(ada: HfApi) -> None:
    made = ada.create_collection("Gone")
    ada.delete_collection(made.slug)
    assert refused(lambda: ada.delete_collection(made.slug)) == 404
    ada.delete_collection(made.slug, missing_ok=True)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"title": ""},
        {"title": 1},
        {"title": "x" * 60},
        {"title": "x", "description": "y" * 151},
        {"title": "x", "private": "yes"},
    ],
)
def test_collections_that_cannot_be(http: Ask, body: dict[str, object]) -> None:
    assert http("POST", "/api/collections", json=body).status_code == 400


@pytest.mark.parametrize("body", [{"theme": "grey"}, {"position": "first"}, {"title": " "}])
def test_changes_that_cannot_be(ada: HfApi, http: Ask, body: dict[str, object]) -> None:
    made = ada.create_collection("Kept", exists_ok=True)
    assert http("PATCH", f"/api/collections/{made.slug}", json=body).status_code == 400
    assert http("POST", f"/api/collections/{made.slug}/items", json=body).status_code == 400
    assert ada.get_collection(made.slug).title == "Kept"


@pytest.mark.parametrize("slug", ["ada/nothing", "ada/x-" + "0" * 24, "grace/" + "f" * 24])
def test_slugs_that_are_none(ada: HfApi, slug: str) -> None:
    assert refused(lambda: ada.get_collection(slug)) == 404

import httpx
import pytest
from huggingface_hub.errors import BadRequestError


@pytest.fixture
def many(ada):
    for number in range(7):
        ada.create_repo(f"ada/model-{number}")
    return ada


def ids(found):
    return [item.id for item in found]


def test_only_what_one_may_see(ada, grace, nobody):
    assert ids(nobody.list_models()) == ids(ada.list_models()) == ["ada/tiny-bert"]
    assert ids(grace.list_models()) == ["grace/secret-model", "ada/tiny-bert"]
    assert ids(nobody.list_datasets()) == ["ada/notes"]


def test_author_search_and_limit(many):
    assert ids(many.list_models(author="grace")) == []
    assert ids(many.list_models(search="MODEL-3")) == ["ada/model-3"]
    assert ids(many.list_models(search="%")) == []
    assert ids(many.list_models(limit=2)) == ["ada/model-6", "ada/model-5"]
    assert ids(many.list_datasets(author="ada", search="note")) == ["ada/notes"]


def test_tags(ada):
    assert ids(ada.list_models(filter="bert")) == ["ada/tiny-bert"]
    assert ids(ada.list_models(filter=["bert", "license:apache-2.0"])) == ["ada/tiny-bert"]
    assert ids(ada.list_models(filter=["bert", "license:mit"])) == []
    assert ids(ada.list_models(pipeline_tag="fill-mask")) == ["ada/tiny-bert"]
    assert ids(ada.list_models(trained_dataset="ada/notes")) == ["ada/tiny-bert"]
    assert ids(ada.list_datasets(language="en", size_categories="n<1K")) == ["ada/notes"]
    ada.upload_file(path_or_fileobj=b"no tags", path_in_repo="README.md", repo_id="ada/tiny-bert")
    assert ids(ada.list_models(filter="bert")) == []


def test_sort(many):
    many.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="ada/model-2")
    assert ids(many.list_models(sort="last_modified", limit=1)) == ["ada/model-2"]
    assert ids(many.list_models(sort="created_at", limit=1)) == ["ada/model-6"]
    with pytest.raises(BadRequestError, match="cannot be sorted"):
        list(many.list_models(sort="colour"))


def test_pages(many, http):
    expected = ids(many.list_models())
    assert len(expected) == 8
    for sort in ("lastModified", "createdAt", "likes"):
        seen, url, pages = [], f"/api/models?limit=3&search=&sort={sort}", 0
        while url:
            answer = http("GET", url)
            seen += [item["id"] for item in answer.json()]
            url, pages = answer.links.get("next", {}).get("url"), pages + 1
        assert sorted(seen) == sorted(expected)
        assert pages == 3


def test_pages_of_repositories_of_the_same_moment(sandbox):
    world = sandbox.world
    with world.transaction() as connection:
        connection.exec_driver_sql(
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 2499)"
            " INSERT INTO hub_repositories SELECT printf('%024x', i), 'model', 'ada/m' || i,"
            " 'ada/m' || i, 'ada', 0, '2020-01-01T00:00:00.000Z', '2020-01-01T00:00:00.000Z', NULL"
            " FROM n"
        )
    found = ids(sandbox.hf_api().list_models(search="ada/m"))
    assert len(found) == len(set(found)) == 2500


@pytest.mark.parametrize(
    "query", ["cursor=x", "cursor=bnVsbA==", "limit=x", "limit=-1", "expand=x"]
)
def test_queries_that_cannot_be_read(http, query):
    assert http("GET", f"/api/models?{query}").status_code == 400


def test_full_and_card_data(ada):
    model = next(iter(ada.list_models(full=True, cardData=True)))
    assert model.siblings
    assert model.sha
    assert model.card_data.license == "apache-2.0"
    plain = next(iter(ada.list_models()))
    assert (plain.siblings, plain.card_data) == (None, None)
    assert next(iter(ada.list_models(expand=["sha"]))).sha == model.sha


def test_search_is_text_and_nothing_else(demo):
    for word in ("'", '"; DROP TABLE hub_repositories; --', "\\", "_", "%", "é", "\u202e"):
        answer = httpx.get(f"{demo.endpoint}/api/models", params={"search": word})
        assert answer.status_code == 200
    assert httpx.get(f"{demo.endpoint}/api/models", params={"search": "tiny"}).json()

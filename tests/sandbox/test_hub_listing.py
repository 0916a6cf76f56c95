import base64

import httpx
import pytest
import sqlalchemy as sa
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


def test_sort_by_likes_and_downloads(many, demo, http):
    for user, repo in (("ada", "ada/model-1"), ("grace", "ada/model-1"), ("grace", "ada/model-4")):
        http("POST", f"/api/models/{repo}/like", user).raise_for_status()
    newest = ids(many.list_models(sort="last_modified"))
    liked = ["ada/model-1", "ada/model-4"]
    expected = [*liked, *(found for found in newest if found not in liked)]
    assert ids(many.list_models(sort="likes")) == expected
    assert [model.likes for model in many.list_models(sort="likes", limit=3)] == [2, 1, 0]
    assert ids(many.list_models(sort="downloads")) == newest
    assert ids(many.list_models(sort="trending_score", search="model", limit=2)) == newest[:2]
    # As earlier clients ask for it, in pages.
    for direction, order in (("-1", expected), ("1", expected[::-1])):
        seen, url = [], f"/api/models?limit=3&sort=likes&direction={direction}"
        while url:
            answer = http("GET", url)
            seen += [item["id"] for item in answer.json()]
            url = answer.links.get("next", {}).get("url")
        assert seen == order


def test_gated_and_what_the_sandbox_does_not_know(many):
    many.update_repo_settings("ada/model-3", gated="manual")
    assert ids(many.list_models(gated=True)) == ["ada/model-3"]
    assert "ada/model-3" not in ids(many.list_models(gated=False))
    assert len(ids(many.list_models(gated=False))) == 7
    assert ids(many.list_datasets(gated=True)) == []
    for asked in (
        {"apps": "ollama"},
        {"inference": "warm"},
        {"inference_provider": "all"},
        {"num_parameters": "min:1"},
    ):
        assert ids(many.list_models(**asked)) == []
    with pytest.raises(BadRequestError, match="gated"):
        list(many.list_models(gated="perhaps"))


def test_expand(many):
    (model,) = many.list_models(search="tiny", expand=["likes", "downloads", "gated", "tags"])
    assert (model.likes, model.downloads, model.gated) == (0, 0, False)
    assert "license:apache-2.0" in model.tags
    assert (model.sha, model.siblings, model.last_modified) == (None, None, None)
    (dataset,) = many.list_datasets(sort="likes", expand=["lastModified", "usedStorage"])
    assert dataset.last_modified is not None
    assert dataset.used_storage > 0


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
    "query",
    [
        "cursor=x",
        "cursor=bnVsbA==",
        "cursor=W10=",
        "cursor=W3t9LHt9XQ==",
        "cursor=WyJcdWQ4MDAiLCJ4Il0=",
        "gated=x",
        "limit=x",
        "limit=-1",
        "expand=x",
    ],
)
def test_queries_that_cannot_be_read(http, query):
    assert http("GET", f"/api/models?{query}").status_code == 400


def test_a_cursor_of_another_order(http):
    cursor = base64.b64encode(b'[99999999999999999999999999999999, "", ""]').decode()
    answer = http("GET", f"/api/models?sort=likes&cursor={cursor}")
    assert answer.status_code == 400


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


@pytest.mark.parametrize("more", ["", "&full=true&cardData=true", "&sort=likes", "&expand=doi"])
def test_a_longer_list_takes_no_more_statements(many, demo, http, more):
    statements = []

    def remember(connection, cursor, statement, parameters, context, executemany):
        statements.append(statement)

    url = f"/api/models?limit={{}}{more}"
    # Trees and cards never change under their ids: they are read once.
    assert len(http("GET", url.format(1000)).json()) == 8
    sa.event.listen(demo.world.engine, "before_cursor_execute", remember)
    counts = []
    for limit in (1, 7):
        statements.clear()
        assert len(http("GET", url.format(limit)).json()) == limit
        counts.append(len(statements))
    sa.event.remove(demo.world.engine, "before_cursor_execute", remember)
    assert counts[0] == counts[1] > 0

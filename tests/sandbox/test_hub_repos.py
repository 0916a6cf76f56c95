import httpx
import pytest
from huggingface_hub.errors import (
    BadRequestError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

BERT = "ada/tiny-bert"


def status_of(caught):
    return caught.value.response.status_code


def test_create(ada):
    url = ada.create_repo("ada/new")
    assert (url.repo_id, url.repo_type) == ("ada/new", "model")
    assert ada.create_repo("plain").repo_id == "ada/plain"
    assert ada.create_repo("analytical-engine/mill", repo_type="dataset").repo_type == "dataset"
    info = ada.model_info("ada/new")
    assert (len(info.sha), info.private) == (40, False)
    assert [sibling.rfilename for sibling in info.siblings] == [".gitattributes"]


def test_create_with_files(ada, http):
    # As the JavaScript client @huggingface/hub does.
    files = [
        {"path": "a/b.txt", "content": "aGVsbG8=", "encoding": "base64"},
        {"path": "README.md", "content": "---\nlicense: mit\n---\n# Mine\n"},
    ]
    body = {"name": "filled", "organization": "ada", "license": "apache-2.0", "files": files}
    assert http("POST", "/api/repos/create", json=body).status_code == 200
    assert sorted(ada.list_repo_files("ada/filled")) == [".gitattributes", "README.md", "a/b.txt"]
    assert len(ada.list_repo_commits("ada/filled")) == 1
    assert http("GET", "/ada/filled/resolve/main/a/b.txt").content == b"hello"
    assert ada.model_info("ada/filled").card_data.license == "mit"
    outside = [{"path": "../x", "content": ""}]
    answer = http("POST", "/api/repos/create", json={"name": "outside", "files": outside})
    assert answer.status_code == 422
    assert not ada.repo_exists("ada/outside")


def test_create_what_exists(ada):
    with pytest.raises(HfHubHTTPError) as caught:
        ada.create_repo(BERT)
    assert status_of(caught) == 409
    with pytest.raises(HfHubHTTPError):
        ada.create_repo("ada/Tiny-BERT")
    assert ada.create_repo(BERT, exist_ok=True).repo_id == BERT
    assert ada.create_repo("ada/notes", repo_type="dataset", exist_ok=True).repo_type == "dataset"


def test_create_for_somebody_else(ada, nobody):
    with pytest.raises(HfHubHTTPError) as caught:
        ada.create_repo("grace/new")
    assert status_of(caught) == 403
    with pytest.raises(HfHubHTTPError) as caught:
        nobody.create_repo("ada/new")
    assert status_of(caught) == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": 1},
        {"name": "a b"},
        {"name": "../x"},
        {"name": "x" * 500},
        {"name": "<b>"},
        {"name": "x", "type": "planet"},
        {"name": "x", "type": ["model"]},
        {"name": "x", "private": "yes"},
        {"name": "x", "visibility": "protected"},
        {"name": "x", "files": "y"},
        {"name": "x", "files": ["y"]},
        {"name": "x", "files": [{"path": "y"}]},
        {"name": "x", "files": [{"path": "y", "content": "?", "encoding": "base64"}]},
    ],
)
def test_create_what_cannot_be(http, body):
    answer = http("POST", "/api/repos/create", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b"\xff", b"[" * 100_000])
def test_bodies_that_are_no_json_objects(http, body):
    assert http("POST", "/api/repos/create", content=body).status_code == 400


def test_a_space_is_neither(ada, nobody):
    with pytest.raises(HfHubHTTPError, match="keeps models and datasets"):
        ada.create_repo("ada/space", repo_type="space", space_sdk="gradio")
    with pytest.raises(RepositoryNotFoundError):
        ada.space_info("ada/space")
    assert list(ada.list_spaces()) == []


def test_info(ada):
    info = ada.model_info(BERT)
    assert (info.id, info.author, info.private, info.gated) == (BERT, "ada", False, False)
    assert info.sha == ada.list_repo_commits(BERT)[0].commit_id
    assert info.card_data.license == "apache-2.0"
    assert info.pipeline_tag == "fill-mask"
    assert {"bert", "license:apache-2.0", "dataset:ada/notes"} <= set(info.tags)
    assert [sibling.rfilename for sibling in info.siblings] == [
        ".gitattributes",
        "README.md",
        "config.json",
        "model.safetensors",
    ]
    assert info.siblings[0].size is None
    detailed = ada.repo_info(BERT, files_metadata=True)
    assert all(sibling.size and len(sibling.blob_id) == 40 for sibling in detailed.siblings)


def test_dataset_info(ada):
    info = ada.dataset_info("ada/notes")
    assert info.description.startswith("Short remarks")
    assert {"language:en", "size_categories:n<1K"} <= set(info.tags)


def test_info_at_a_revision(ada):
    first = ada.model_info(BERT).sha
    ada.create_tag(BERT, tag="v1")
    ada.create_branch(BERT, branch="feature/x")
    ada.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=BERT)
    for revision in (first, first[:7], "v1", "feature/x"):
        assert ada.model_info(BERT, revision=revision).sha == first
    assert ada.model_info(BERT, revision="main").sha != first
    with pytest.raises(RevisionNotFoundError):
        ada.model_info(BERT, revision="v2")
    assert ada.revision_exists(BERT, "v1")
    assert not ada.revision_exists(BERT, "v2")


def test_expand(ada, http):
    info = ada.model_info(BERT, expand=["sha", "tags"])
    assert info.sha
    assert info.author is None
    with pytest.raises(BadRequestError):
        ada.model_info(BERT, expand=["nothing"])
    assert set(http("GET", f"/api/models/{BERT}?expand=sha").json()) == {
        "_id",
        "id",
        "modelId",
        "sha",
    }


def test_not_found(ada, nobody, grace, http):
    for api in (ada, nobody):
        for ask in (api.model_info, api.dataset_info):
            with pytest.raises(RepositoryNotFoundError):
                ask("ada/nope")
    assert not ada.repo_exists("ada/nope")
    assert not ada.repo_exists("grace/secret-model")
    assert grace.repo_exists("grace/secret-model")
    answer = http("GET", "/api/models/grace/secret-model", user=None)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (401, "RepoNotFound")
    answer = http("GET", "/api/models/grace/secret-model")
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (404, "RepoNotFound")


def test_auth_check(ada, grace):
    ada.auth_check(BERT)
    ada.auth_check(BERT, write=True)
    grace.auth_check(BERT)
    with pytest.raises(HfHubHTTPError) as caught:
        grace.auth_check(BERT, write=True)
    assert status_of(caught) == 403


def test_settings(ada, grace):
    ada.update_repo_settings(BERT, private=True)
    assert ada.model_info(BERT).private
    assert not grace.repo_exists(BERT)
    ada.update_repo_settings(BERT, visibility="public")
    assert grace.repo_exists(BERT)
    with pytest.raises(HfHubHTTPError) as caught:
        grace.update_repo_settings(BERT, private=True)
    assert status_of(caught) == 403


def test_move_redirects_the_old_id(ada, nobody, http, demo):
    ada.move_repo(BERT, "analytical-engine/bert")
    assert nobody.model_info(BERT).id == "analytical-engine/bert"
    assert nobody.file_exists(BERT, "config.json")
    answer = http("GET", f"/api/models/{BERT}/tree/main?recursive=true")
    assert answer.status_code == 307
    assert answer.headers["Location"] == (
        "/api/models/analytical-engine/bert/tree/main?recursive=true"
    )
    answer = http("HEAD", f"/{BERT}/resolve/main/config.json")
    assert answer.headers["Location"] == "/analytical-engine/bert/resolve/main/config.json"
    ada.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=BERT)
    assert nobody.file_exists("analytical-engine/bert", "x")


def test_another_spelling_of_the_id_redirects(nobody):
    assert nobody.model_info("Ada/Tiny-BERT").id == BERT


def test_move_of_datasets_and_twice(ada):
    ada.move_repo("ada/notes", "ada/remarks", repo_type="dataset")
    ada.move_repo("ada/remarks", "ada/sketches", repo_type="dataset")
    for name in ("ada/notes", "ada/remarks", "ada/sketches"):
        assert ada.dataset_info(name).id == "ada/sketches"


def test_move_refused(ada, grace):
    ada.create_repo("ada/other")
    for api, source, target, status in (
        (ada, BERT, "ada/other", 409),
        (ada, BERT, "grace/bert", 403),
        (ada, "ada/nope", "ada/x", 404),
        (grace, BERT, "grace/bert", 403),
        (grace, BERT, "nobody-here/bert", 403),
    ):
        with pytest.raises(HfHubHTTPError) as caught:
            api.move_repo(source, target)
        assert status_of(caught) == status
    assert ada.model_info(BERT).id == BERT


def test_delete(ada, grace):
    with pytest.raises(HfHubHTTPError) as caught:
        grace.delete_repo(BERT)
    assert status_of(caught) == 403
    ada.delete_repo(BERT)
    assert not ada.repo_exists(BERT)
    with pytest.raises(RepositoryNotFoundError):
        ada.delete_repo(BERT)
    ada.delete_repo(BERT, missing_ok=True)
    assert ada.list_repo_files(ada.create_repo(BERT).repo_id) == [".gitattributes"]


def test_the_oldest_ids_have_no_namespace(demo, nobody, http, alias):
    alias(demo, "tinybert", BERT)
    assert nobody.model_info("tinybert").id == BERT
    assert nobody.list_repo_files("tinybert") == nobody.list_repo_files(BERT)
    assert nobody.file_exists("tinybert", "config.json")
    assert http("GET", "/api/models/nope").status_code == 404


@pytest.mark.parametrize("who", ["ada", "grace"])
def test_r09_a_repository_with_a_doi_is_locked(demo, mint, who):
    ada, other = demo.hf_api("ada"), demo.hf_api(who)
    url = ada.create_repo("analytical-engine/mill")
    assert url.repo_id == "analytical-engine/mill"
    ada.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id="analytical-engine/mill")
    doi = mint(demo, "models/analytical-engine/mill")
    for action in (
        lambda: other.delete_repo("analytical-engine/mill"),
        lambda: other.move_repo("analytical-engine/mill", "analytical-engine/engine"),
        lambda: other.move_repo("analytical-engine/mill", f"{who}/mill"),
        lambda: other.update_repo_settings("analytical-engine/mill", private=True),
    ):
        with pytest.raises(HfHubHTTPError) as caught:
            action()
        assert status_of(caught) == 403
        assert f"locked by DOI {doi}" in str(caught.value)
    other.update_repo_settings("analytical-engine/mill", private=False)
    other.upload_file(path_or_fileobj=b"y", path_in_repo="y", repo_id="analytical-engine/mill")
    assert other.list_repo_files("analytical-engine/mill") == [
        ".gitattributes", "x", "y"
    ]  # fmt: skip


def test_r06_the_doi_is_a_tag(demo, mint, ada, http):
    doi = mint(demo, f"models/{BERT}")
    info = ada.model_info(BERT)
    assert f"doi:{doi}" in info.tags
    assert info.doi == {"id": doi, "commit": info.sha}
    listed = ada.list_models(filter=f"doi:{doi}")
    assert [model.id for model in listed] == [BERT]
    assert list(ada.list_models(filter="doi:10.5072/hf/9999")) == []
    ada.upload_file(path_or_fileobj=b"y", path_in_repo="y", repo_id=BERT)
    newer = mint(demo, f"models/{BERT}")
    assert ada.model_info(BERT).tags[-2:] == [f"doi:{newer}", f"doi:{doi}"]


def test_validate_yaml(http):
    good = {"repoType": "model", "content": "---\nlicense: mit\n---\n"}
    assert http("POST", "/api/validate-yaml", None, json=good).status_code == 200
    bad = {"repoType": "model", "content": "---\nlicense: [\n---\n"}
    answer = http("POST", "/api/validate-yaml", None, json=bad)
    assert answer.status_code == 400
    assert "not valid YAML" in answer.text


def test_plain_clients_learn_why(demo):
    answer = httpx.get(f"{demo.endpoint}/api/models/ada/nope", follow_redirects=False, timeout=60)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["error"] == answer.headers["X-Error-Message"]
    assert httpx.get(f"{demo.endpoint}/api/nothing", timeout=60).json() == {
        "error": "There is nothing at this URL."
    }
    assert httpx.patch(f"{demo.endpoint}/api/models/{BERT}").status_code == 405

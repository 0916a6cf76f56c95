"""The routes that the JupyterLab extension uses, in a real Jupyter server with a real sandbox."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from hubdoi.client import Client
from hubdoi.jupyter.live_document import LiveDocuments, StaleDocument
from hubdoi.records.errors import InvalidInput
from tests.jupyter.test_server import Server

LOAD = "from transformers import AutoModel\nm = AutoModel.from_pretrained('ada/tiny-bert')\n"


class Page:
    """What the extension's page sends to a server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.http = httpx.Client(trust_env=False, timeout=240)
        self.token = server.token

    def ask(self, name: str, body: object, **headers: str) -> httpx.Response:
        return self.http.post(
            f"{self.server.url}hubdoi/api/{name}",
            content=json.dumps(body),
            headers={"Authorization": f"token {self.token}", **headers},
        )

    def document(self, *sources: str, id: str = "d", path: str = "a.ipynb", **more: Any) -> Any:
        return self.ask("document", document(*sources, id=id, path=path, **more)).json()


def document(*sources: str, id: str = "d", path: str = "a.ipynb", **more: Any) -> dict[str, Any]:
    cells = [{"id": f"c{n}", "type": "code", "source": text} for n, text in enumerate(sources)]
    return {"id": id, "path": path, "language": "python", "cells": cells, "hub": "sandbox", **more}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A server below a base URL, as JupyterHub has it."""
    server = Server(tmp_path_factory.mktemp("server"), "--ServerApp.base_url=/user/ada/")
    page = Page(server)
    yield page
    page.http.close()
    server.stop()


@pytest.fixture(scope="module", autouse=True)
def ada(page: Page) -> Client:
    """Ada, whose model has a DOI before any test asks; the server keeps its answers for a while."""
    found = page.http.post(
        f"{page.server.url}hubdoi/sandbox", headers={"Authorization": f"token {page.token}"}
    ).json()
    client = Client(found["endpoint"], found["users"]["ada"])
    client.mint("ada/tiny-bert", agree=client.terms("ada/tiny-bert"))
    return client


def test_a_document_is_read_without_the_hub_and_then_with_it(page: Page, ada: Client) -> None:
    read = page.document("x = 1", LOAD, ask=False)
    (use,) = read["uses"]
    assert (use["repo_id"], use["cell"], use["line"], use["revision"]) == (
        "ada/tiny-bert", 1, 2, None,
    )  # fmt: skip
    assert read["asked"] is False
    asked = page.document("x = 1", LOAD, ask=True)
    (use,) = asked["uses"]
    assert use["verdict"] == "unpinned"
    assert use["doi"] == str(ada.status("ada/tiny-bert").doi)
    assert use["doi_url"] == f"{ada.endpoint}/doi/{use['doi']}"
    assert asked["kind"] == "sandbox"
    assert [finding["kind"] for finding in asked["findings"]] == ["finding", "finding"]


def test_a_cell_that_did_not_change_is_not_sent_again(page: Page) -> None:
    body = document("x = 1", LOAD, id="twice")
    assert page.ask("document", body).status_code == 200
    body["cells"] = [{"id": "c1"}, {"id": "c0", "type": "code", "source": "y = 2"}]
    (use,) = page.ask("document", body).json()["uses"]
    assert use["cell"] == 0
    # Where no cell came, went or moved, those that did not change are not even named.
    edited = {"id": "c0", "type": "code", "source": LOAD.replace("bert", "gpt")}
    changed = {**body, "cells": [edited], "rest": True}
    uses = page.ask("document", changed).json()["uses"]
    assert [(use["cell"], use["repo_id"]) for use in uses] == [
        (0, "ada/tiny-bert"),
        (1, "ada/tiny-gpt"),
    ]
    assert page.ask("document", {**changed, "cells": []}).json()["uses"] == uses
    for incomplete in (body, changed):
        unknown = page.ask("document", {**incomplete, "id": "never seen"})
        assert unknown.status_code == 409
        assert "whole document" in unknown.json()["message"]


def test_scripts_and_texts_are_read_by_their_suffix(page: Page) -> None:
    text = f"# Title\n\n```{{code-cell}} python\n{LOAD}```\n"
    (use,) = page.document(text, path="notes.md")["uses"]
    assert use["line"] == 5
    (use,) = page.document(LOAD, path="script.py")["uses"]
    assert (use["cell"], use["line"]) == (None, 2)


def test_a_broken_cell_does_not_hide_the_others(page: Page) -> None:
    (use,) = page.document("def broken(:\n  '", LOAD)["uses"]
    assert use["cell"] == 1


def test_a_doi_in_an_output_and_a_bib_file_beside_it_are_citations(page: Page, ada: Client) -> None:
    doi = str(ada.status("ada/tiny-bert").doi)
    body = document(LOAD, ask=True)
    body["cells"][0]["cited"] = doi
    (use,) = page.ask("document", body).json()["uses"]
    assert use["cited"] is True
    (use,) = page.document(LOAD, id="other", path="paper/a.ipynb", ask=True)["uses"]
    assert use["cited"] is False
    (page.server.home / "paper").mkdir()
    reference = [{"type": "model", "id": "ada/tiny-bert"}]
    written = page.ask(
        "bib", {"hub": "sandbox", "bib": "paper/refs.bib", "references": reference}
    ).json()
    assert written == {"changed": True, "added": 1}
    assert doi in (page.server.home / "paper" / "refs.bib").read_text()
    again = page.ask("bib", {"hub": "sandbox", "bib": "paper/refs.bib", "references": reference})
    assert again.json() == {"changed": False, "added": 0}
    (use,) = page.document(LOAD, id="other", path="paper/a.ipynb", ask=True)["uses"]
    assert use["cited"] is True


def test_pins_are_edits_that_leave_everything_else_as_it_is(page: Page, ada: Client) -> None:
    source = "é = '😀'; " + LOAD.splitlines()[1].replace("m =", "") + "\n" + LOAD
    source = source.replace("é = '😀';  AutoModel", "é = '😀'; m = AutoModel")
    answer = page.ask("pins", document("x", source, only={"type": "model", "id": "ada/tiny-bert"}))
    edits = answer.json()["edits"]
    assert answer.json()["problems"] == []
    assert [edit["cell"] for edit in edits] == [1, 1]
    revision = ada.status("ada/tiny-bert").revision
    units = [line.encode("utf-16-le") for line in source.split("\n")]
    for edit in edits:
        line, new = units[edit["line"]], edit["text"].encode("utf-16-le")
        units[edit["line"]] = line[: 2 * edit["start"]] + new + line[2 * edit["end"] :]
    pinned = f"AutoModel.from_pretrained('ada/tiny-bert', revision=\"{revision}\")"
    assert "\n".join(line.decode("utf-16-le") for line in units) == source.replace(
        "AutoModel.from_pretrained('ada/tiny-bert')", pinned
    )


def test_a_text_is_pinned_where_its_cell_stands(page: Page, ada: Client) -> None:
    text = f"# T\n\n```{{code-cell}} python\n:tags: [x]\n{LOAD}```\n"
    only = {"type": "model", "id": "ada/tiny-bert"}
    (edit,) = page.ask("pins", document(text, path="a.md", only=only)).json()["edits"]
    assert (edit["cell"], edit["line"]) == (None, 5)
    assert text.split("\n")[5][: edit["start"]].endswith("'ada/tiny-bert'")


def test_commands_and_paths_are_pinned_as_they_take_it(page: Page, ada: Client) -> None:
    revision = ada.status("ada/tiny-bert").revision
    (edit,) = page.ask("pins", document("!hf download ada/tiny-bert")).json()["edits"]
    assert edit["text"] == f" --revision {revision}"


def test_what_cannot_be_pinned_is_one_sentence(page: Page, ada: Client) -> None:
    answer = page.ask("pins", document(LOAD.replace("bert')", "bert', **more)"))).json()
    assert answer["edits"] == []
    assert len(answer["problems"]) == 1
    assert "write revision=" in answer["problems"][0]


def test_a_citation_in_each_form(page: Page, ada: Client) -> None:
    reference = [{"type": "model", "id": "ada/tiny-bert"}]
    bibtex = page.ask("cite", {"hub": "sandbox", "references": reference, "format": "bibtex"})
    assert bibtex.json()["text"] == str(ada.cite("ada/tiny-bert"))
    assert bibtex.json()["keys"][0] in bibtex.json()["text"]
    styled = page.ask(
        "cite", {"hub": "sandbox", "references": reference, "format": "text", "style": "apa"}
    ).json()
    assert styled["text"] == str(ada.cite("ada/tiny-bert", format="text", style="apa"))
    assert "<" in styled["html"]


def test_the_bibliography_is_that_of_the_command_line(page: Page, ada: Client) -> None:
    answer = page.ask("bibliography", document(LOAD, "# x")).json()
    assert answer["text"].startswith("## Bibliography")
    assert str(ada.status("ada/tiny-bert").doi) in answer["text"]
    assert answer["citations"][0]["DOI"] == str(ada.status("ada/tiny-bert").doi)


def test_names_and_revisions_for_the_editor(page: Page, ada: Client) -> None:
    names = page.ask("names", {"hub": "sandbox", "text": "ada/", "type": "model"}).json()["names"]
    assert "ada/tiny-bert" in names
    found = page.ask(
        "repository", {"hub": "sandbox", "only": {"type": "model", "id": "ada/tiny-bert"}}
    ).json()
    assert found["revisions"][0]["revision"] == ada.status("ada/tiny-bert").revision
    assert found["state"] == "current"


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("document", [], "not a JSON object"),
        ("document", {"hub": "sandbox"}, "needs an id"),
        ("document", document("x", path="a.txt"), "not a notebook"),
        ("document", {**document("x"), "cells": [7]}, "cell needs an id"),
        ("cite", {"hub": "sandbox"}, "at least one repository"),
        ("cite", {"hub": "sandbox", "references": [{"type": "space", "id": "a/b"}]}, "type and an id"),
        ("cite", {"hub": "sandbox", "references": [{"type": "model", "id": "ada/nothing"}]}, "ada/nothing"),
        ("bib", {"hub": "sandbox", "bib": "notes.txt", "references": []}, ".bib"),
        ("bib", {"hub": "sandbox", "bib": "../../x.bib", "references": [{"type": "model", "id": "ada/tiny-bert"}]}, "outside the folder"),
        ("bib", {"hub": "sandbox", "bib": "a\0.bib", "references": [{"type": "model", "id": "ada/tiny-bert"}]}, "not a path"),
    ],
)  # fmt: skip
def test_bad_requests_get_one_sentence(page: Page, name: str, body: object, words: str) -> None:
    answer = page.ask(name, body)
    assert answer.status_code == 400
    assert words in answer.json()["message"]


@pytest.mark.parametrize(
    "path", ["a\0b.ipynb", "\ud800.ipynb", "x" * 300 + ".py", "\u00e9" * 130 + ".py"]
)
def test_a_path_of_no_file_is_one_sentence(page: Page, path: str) -> None:
    answer = page.ask("document", document("x = 1", path=path))
    assert (answer.status_code, answer.json()["message"][-26:]) == (
        400,
        "is not the path of a file.",
    )
    longest = "\u00e9" * 126 + ".py"
    assert page.ask("document", document("x = 1", path=longest)).status_code == 200


def test_what_lies_beside_a_document_and_is_no_file_is_passed_over(page: Page) -> None:
    folder = page.server.home / "beside"
    folder.mkdir()
    (folder / "nowhere.bib").symlink_to("/nonexistent/refs.bib")
    (folder / "endless.bib").symlink_to("/dev/zero")
    (folder / "folder.bib").mkdir()
    os.mkfifo(folder / "pipe.bib")
    for ask in (False, True):
        assert page.document("x = 2", path="beside/a.ipynb", ask=ask)["findings"] == []


def test_the_routes_are_behind_jupyters_authentication_and_xsrf(page: Page) -> None:
    url = f"{page.server.url}hubdoi/api/document"
    for headers in ({}, {"Authorization": "token wrong"}, {"Cookie": "_xsrf=a"}):
        refused = httpx.post(url, json=document("x"), headers=headers, trust_env=False)
        assert refused.status_code == 403
    assert page.ask("nothing", {}).status_code == 404
    answer = page.ask("document", document(LOAD, ask=True))
    assert answer.headers["Cache-Control"] == "no-store"
    assert "hf_" not in answer.text


def test_a_hub_that_does_not_answer_is_one_sentence_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing listens there.
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    server = Server(tmp_path)
    try:
        offline = Page(server)
        answer = offline.document(LOAD, hub="configured", ask=True)
    finally:
        server.stop()
    assert answer["uses"][0]["repo_id"] == "ada/tiny-bert"
    assert answer["uses"][0]["verdict"] == "cannot tell"
    assert answer["offline"]


def test_many_requests_at_once_agree(page: Page) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: page.document(LOAD, id=f"d{n % 3}", ask=True), range(16)))
    assert len({json.dumps(answer, sort_keys=True) for answer in answers}) == 1


def test_documents_that_were_not_used_for_long_are_forgotten() -> None:
    documents = LiveDocuments()
    for number in range(40):
        documents.read(document("x", id=str(number)))
    with pytest.raises(StaleDocument):
        documents.read({"id": "0", "path": "a.ipynb", "cells": [{"id": "c0"}]})
    kept = documents.read({"id": "39", "path": "a.ipynb", "cells": [{"id": "c0"}]})
    assert [cell.source for cell in kept.cells] == ["x"]
    with pytest.raises(InvalidInput):
        documents.read(
            {"id": "39", "path": "a.ipynb", "cells": [{"id": str(n)} for n in range(20_001)]}
        )


def test_a_document_can_be_of_another_language(tmp_path: Path) -> None:
    documents = LiveDocuments()
    body = {**document("library(x)"), "language": "R"}
    assert documents.read(body).cells == []

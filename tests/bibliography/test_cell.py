from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import nbformat
import pytest

from hubdoi.bibliography.cell import write_bibliography, write_metadata
from hubdoi.citation import cite
from hubdoi.records import Version
from hubdoi.records.errors import InvalidInput

VERSION = Version.from_parts(
    doi="10.57967/hf/0039",
    repo="ada/engine",
    revision="1" * 40,
    authors=["Ada Lovelace"],
    year=2026,
)
OTHER = Version.from_parts(
    doi="10.57967/hf/0040",
    repo="datasets/ada/notes",
    revision="2" * 40,
    title="<b>*notes*</b>",
    year=2026,
)


def notebook(minor: int = 5) -> dict[str, Any]:
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "markdown",
            "id": "one",
            "metadata": {"z": 1, "a": 2},
            "source": ["# Tïtle\n", "text"],
        },
        {
            "cell_type": "code",
            "id": "two",
            "execution_count": 3,
            "metadata": {},
            "outputs": [],
            "source": ["x = 1"],
        },
    ]
    if minor < 5:
        for cell in cells:
            del cell["id"]
    return {
        "cells": cells,
        "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": minor,
    }


@pytest.mark.parametrize("minor", [4, 5])
def test_a_new_cell_makes_a_valid_notebook(tmp_path: Path, minor: int) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps(notebook(minor), indent=1) + "\n")
    assert write_bibliography(path, cite([VERSION, OTHER]))
    written = json.loads(path.read_text())
    nbformat.validate(nbformat.reads(path.read_text(), as_version=4))
    assert written["cells"][:2] == notebook(minor)["cells"]
    own = written["cells"][2]
    assert own["metadata"] == {"hubdoi": {"bibliography": True}}
    assert "10.57967/hf/0039" in "".join(own["source"])
    assert "<b>" not in "".join(own["source"])
    assert [item["DOI"] for item in written["metadata"]["hubdoi"]["citations"]] == [
        "10.57967/hf/0039",
        "10.57967/hf/0040",
    ]


def test_it_is_refreshed_where_it_stands_and_only_when_needed(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    content = notebook()
    content["cells"].insert(
        1,
        {
            "cell_type": "markdown",
            "id": "b",
            "metadata": {"hubdoi": {"bibliography": True}, "tags": ["x"]},
            "source": [],
        },
    )
    path.write_text(json.dumps(content, indent=1))
    assert write_bibliography(path, cite(VERSION))
    before = path.read_bytes()
    stamp = path.stat().st_mtime_ns
    assert not write_bibliography(path, cite(VERSION))
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (before, stamp)
    cells = json.loads(before)["cells"]
    assert len(cells) == 3
    assert cells[1]["metadata"]["tags"] == ["x"]
    assert write_bibliography(path, cite([VERSION, OTHER]))
    assert len(json.loads(path.read_text())["cells"]) == 3


@pytest.mark.parametrize(
    "layout", [{"indent": 1}, {"indent": 2}, {"indent": "\t"}, {}, {"separators": (",", ":")}]
)
@pytest.mark.parametrize("ending", ["", "\n"])
@pytest.mark.parametrize("escaped", [True, False])
def test_the_layout_of_the_file_stays(
    tmp_path: Path, layout: dict[str, Any], ending: str, escaped: bool
) -> None:
    path = tmp_path / "a.ipynb"
    text = json.dumps(notebook(), ensure_ascii=escaped, **layout)
    path.write_text(text + ending, encoding="utf-8")
    write_bibliography(path, cite(VERSION))
    written = path.read_text(encoding="utf-8")
    assert written == json.dumps(json.loads(written), ensure_ascii=escaped, **layout) + ending
    cut = text.index('"x = 1"')
    assert written[:cut] == text[:cut]


def test_every_other_cell_stays_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    odd = (
        '{"cells": [\n   {"source": "\\ud83e\\udd17 \\ud800 é \\u00e9",   "metadata":{}, "id" :"x",\n'
        '"cell_type": "markdown"}],\n "nbformat":4, "nbformat_minor": 5,\n"metadata": {"a":  1.50}}\n'
    )
    path.write_text(odd, encoding="utf-8")
    assert write_bibliography(path, cite([VERSION, OTHER]))
    written = path.read_text(encoding="utf-8")
    before, _, rest = odd.partition("}],")
    assert written.startswith(before + "}")
    assert rest.partition('"metadata": ')[0] in written
    read = nbformat.read(path, as_version=4)
    assert len(read.cells) == 2 and read.metadata["a"] == 1.5
    assert not write_bibliography(path, cite([VERSION, OTHER]))


def test_a_notebook_that_would_not_be_valid_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    content = notebook()
    content["cells"][0]["source"] = 5
    path.write_text(json.dumps(content))
    before = path.read_bytes()
    with pytest.raises(InvalidInput, match="would not be a valid notebook"):
        write_bibliography(path, cite(VERSION))
    assert path.read_bytes() == before


def test_a_notebook_without_cells_or_metadata_gets_both(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text('{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}')
    write_bibliography(path, cite(VERSION))
    assert len(nbformat.read(path, as_version=4).cells) == 1
    pipe = tmp_path / "pipe.ipynb"
    os.mkfifo(pipe)
    with pytest.raises(InvalidInput, match="a named pipe"):
        write_bibliography(pipe, cite(VERSION))


def test_line_ends_and_mark_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    text = json.dumps(notebook(), indent=1).replace("\n", "\r\n") + "\r\n"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    write_bibliography(path, cite(VERSION))
    written = path.read_bytes()
    assert written.startswith(b"\xef\xbb\xbf{\r\n")
    assert written.endswith(b"}\r\n")
    assert written.count(b"\n") == written.count(b"\r\n")


def test_an_id_that_is_taken_is_not_used_again(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    content = notebook()
    content["cells"][0]["id"] = "hubdoi-bibliography"
    path.write_text(json.dumps(content))
    write_bibliography(path, cite(VERSION))
    assert json.loads(path.read_text())["cells"][2]["id"] == "hubdoi-bibliography-2"


def test_what_cannot_hold_the_cell_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text('{"worksheets": [], "nbformat": 3}')
    with pytest.raises(InvalidInput, match="not a notebook of format 4"):
        write_bibliography(path, cite(VERSION))
    assert path.read_text() == '{"worksheets": [], "nbformat": 3}'
    script = tmp_path / "a.py"
    script.write_text("x")
    with pytest.raises(InvalidInput, match=r"written into \.ipynb files"):
        write_bibliography(script, cite(VERSION))


@pytest.mark.parametrize("place", ["notebook", "cell"])
def test_half_a_surrogate_pair_in_the_metadata_stays_as_it_is(place: str, tmp_path: Path) -> None:
    content = notebook()
    marked = content["cells"][0]["metadata"]
    marked["hubdoi"] = {"bibliography": True}
    (content["metadata"] if place == "notebook" else marked)["half"] = "\ud800"
    text = json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass")
    path = tmp_path / "a.ipynb"
    path.write_bytes(text.replace("\ud800".encode("utf-8", "surrogatepass"), b"\\ud800"))
    assert write_bibliography(path, cite([VERSION], "markdown"))
    write_metadata(path, "draft", {"half": "\udfff"})
    assert b"\\ud800" in path.read_bytes() and b"\\udfff" in path.read_bytes()
    written = json.loads(path.read_text("utf-8"))
    nbformat.validate(written)
    assert written["cells"][0]["source"][0] == "## Bibliography\n"
    assert not write_bibliography(path, cite([VERSION], "markdown"))


@pytest.mark.parametrize(
    ("name", "value"), [("nbformat", 4.0), ("nbformat_minor", 4.5), ("id", ["one"])]
)
def test_a_notebook_that_nbformat_cannot_look_at_is_left_alone(
    name: str, value: object, tmp_path: Path
) -> None:
    content = notebook()
    (content["cells"][0] if name == "id" else content)[name] = value
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps(content))
    with pytest.raises(InvalidInput, match="would not be a valid notebook"):
        write_bibliography(path, cite([VERSION], "markdown"))
    assert json.loads(path.read_text()) == content


def test_a_notebook_that_is_saved_meanwhile_loses_no_cell(tmp_path: Path) -> None:
    path, stop = tmp_path / "a.ipynb", threading.Event()

    def save(count: int) -> None:
        content = notebook()
        code = content["cells"][1]
        content["cells"][1:1] = [
            {**code, "id": f"n{number}", "source": [f"{number} of {count}"]}
            for number in range(count)
        ]
        content["cells"][1 + count]["source"] = [f"end of {count}"]
        beside = tmp_path / "saved"
        beside.write_text(json.dumps(content))
        beside.replace(path)

    def keep_saving() -> None:
        count = 0
        while not stop.is_set():
            count = (count + 1) % 30
            save(count)

    save(1)
    saver = threading.Thread(target=keep_saving)
    saver.start()
    try:
        for _ in range(300):
            try:
                write_bibliography(path, cite([VERSION], "markdown"))
            except InvalidInput as error:
                assert "again and again" in error.message
            cells = json.loads(path.read_text())["cells"]
            sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
            count = int(sources[-1].split()[-1])
            assert sources == [
                *(f"{number} of {count}" for number in range(count)),
                f"end of {count}",
            ]
    finally:
        stop.set()
        saver.join()

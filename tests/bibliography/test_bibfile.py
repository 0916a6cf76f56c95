from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import bibtexparser.entrypoint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubdoi.bibliography.bibfile import BibFile
from hubdoi.records import Author, Version
from hubdoi.records.errors import InvalidInput

MINE = """% Collected by hand; é

@string{hf = "Hugging Face"}
@comment{jabref-meta: databaseType:bibtex;}
@preamble{"\\newcommand{\\x}{y}"}
@article(knuth84,
  author = "Donald E. Knuth",
\ttitle  = {Literate {P}rogramming},
  year   = 1984)

@MISC{ mybert ,
  title = {old title},
  keywords = {a} # hf,
  DOI = {https://doi.org/10.5072/HF/0001},
}
stray text
@misc{last, title = {The end}}"""


def make(number: int = 1, **changes: Any) -> Version:
    values: dict[str, Any] = {
        "doi": f"10.5072/hf/{number:04d}",
        "repo": f"ada/tiny-bert{number}",
        "revision": f"{number:07x}" + "c" * 33,
        "authors": ["Lovelace, Ada"],
        "created": "2026-11-23T10:00:00Z",
    }
    return Version.from_parts(**{**values, **changes})


def write(
    path: Path, text: str, *, mark: bool = False, ends: str = "\n", encoding: str = "utf-8"
) -> bytes:
    content = text.replace("\n", ends).encode(encoding)
    if mark:
        content = b"\xef\xbb\xbf" + content
    path.write_bytes(content)
    return content


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [False, True])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_every_byte_that_is_not_ours_stays(
    tmp_path: Path, ends: str, mark: bool, encoding: str
) -> None:
    if mark and encoding == "latin-1":
        encoding = "utf-8"
    path = tmp_path / "refs.bib"
    before = write(path, MINE, mark=mark, ends=ends, encoding=encoding)
    file = BibFile.read(path).updated([make(1), make(2)]).write()
    after = path.read_bytes()
    assert file.content == after
    end = ends.encode()
    start = before.index(b"@MISC")
    assert after.startswith(before[:start])
    tail = before[before.index(end + b"stray text") :]
    assert tail in after
    rest = after[after.index(tail) + len(tail) :]
    assert rest.startswith(end + end + b"@misc{lovelace2026tinybert2," + end)
    ours = after[start : after.index(tail)]
    assert ours.startswith(b"@misc{mybert," + end), "the key that the user gave it"
    assert b"keywords     = {a} # hf" in ours, "and the user's own field"
    assert b"old title" not in ours and b"tiny-bert1 (Revision 0000001)" in ours
    if ends == "\r\n":
        assert after.count(b"\n") == after.count(b"\r\n")


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    write(path, MINE)
    versions = [make(1), make(2), make(3, doi=None)]
    first = BibFile.read(path).updated(versions)
    assert first.added == ("lovelace2026tinybert2", "lovelace2026tinybert3")
    assert first.changed == ("mybert",)
    first.write()
    stamp = path.stat().st_mtime_ns
    again = BibFile.read(path).updated(versions)
    assert not again.differs and again.diff() == ""
    assert again.unchanged == ("mybert", "lovelace2026tinybert2", "lovelace2026tinybert3")
    again.write()
    assert path.stat().st_mtime_ns == stamp


def test_a_key_that_the_user_changed_stays(tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    versions = [make(1), make(2, doi=None)]
    BibFile.read(path).updated(versions).write()
    text = (
        path.read_text()
        .replace("lovelace2026tinybert1", "bert")
        .replace("lovelace2026tinybert2", "two")
    )
    path.write_text(text)
    file = BibFile.read(path).updated([*(v.replace(description="x") for v in versions), make(3)])
    assert file.unchanged == ("bert", "two") and file.added == ("lovelace2026tinybert3",)
    minted = make(2)
    file = BibFile.read(path).updated([minted])
    assert file.changed == ("two",), "the entry of the revision gets the DOI that it has now"
    assert "doi          = {10.5072/hf/0002}" in file.text


def test_keys_of_the_file_are_not_taken_twice(tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    path.write_text("@book{Lovelace2026TinyBert1, title={Notes}}\n")
    file = BibFile.read(path).updated([make(1)])
    assert file.added == ("lovelace2026tinybert1-0000001",)


def test_a_new_version_is_a_new_entry_and_the_old_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    old = make(1)
    BibFile.read(path).updated([old]).write()
    before = path.read_bytes()
    new = make(2, repo="ada/tiny-bert1", previous=old.doi)
    BibFile.read(path).updated([new]).write()
    assert path.read_bytes().startswith(before)
    assert [entry.doi for entry in BibFile.read(path).entries] == [
        "10.5072/hf/0001",
        "10.5072/hf/0002",
    ]


def test_the_difference_is_shown_before_anything_is_written(tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    before = write(path, MINE)
    diff = BibFile.read(path).updated([make(1)]).diff()
    assert "-  title = {old title}," in diff.splitlines()
    assert "+  doi          = {10.5072/hf/0001}," in diff.splitlines()
    assert str(tmp_path) not in diff
    assert path.read_bytes() == before
    new = BibFile.read(tmp_path / "new.bib").updated([make(1)])
    assert new.diff().count("\n+") > 5 and not (tmp_path / "new.bib").exists()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("@misc{a,\n title={x}\n}\n@misc{b,\n title = {unclosed\n", 4),
        ("% c\n\n@misc{a, title={x}\n@misc{b, title={y}}\n", 3),
        ("@misc{a,\n title {x}}\n", 1),
        ('@misc{a, title = "x}\n', 1),
    ],
)
def test_a_broken_file_is_reported_with_its_line_and_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str, line: int
) -> None:
    path = tmp_path / "refs.bib"
    before = write(path, text)
    with (
        caplog.at_level(logging.DEBUG),
        pytest.raises(InvalidInput, match=rf"refs\.bib .*line {line} "),
    ):
        BibFile.read(path).updated([make(1)]).write()
    assert path.read_bytes() == before
    assert not caplog.records


def test_what_cannot_be_read_or_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "utf16.bib").write_bytes("@misc{a, title={x}}".encode("utf-16"))
    with pytest.raises(InvalidInput, match="UTF-16"):
        BibFile.read(tmp_path / "utf16.bib")
    with pytest.raises(InvalidInput, match="cannot be read"):
        BibFile.read(tmp_path)
    with pytest.raises(InvalidInput, match=r"^\. cannot be read"):
        BibFile.read(".")
    with pytest.raises(InvalidInput, match="cannot be written"):
        BibFile.read(tmp_path / "no" / "refs.bib").updated([make(1)]).write()
    latin = tmp_path / "latin.bib"
    before = write(latin, "% é\n", encoding="latin-1")
    with pytest.raises(InvalidInput, match="UTF-8"):
        BibFile.read(latin).updated([make(1, authors=["李小明"])])
    assert latin.read_bytes() == before


def test_a_mode_and_a_link_stay(tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    write(path, MINE)
    path.chmod(0o640)
    link = tmp_path / "link.bib"
    link.symlink_to(path)
    BibFile.read(link).updated([make(2)]).write()
    assert link.is_symlink() and path.stat().st_mode & 0o777 == 0o640
    assert "10.5072/hf/0002" in path.read_text()
    assert {entry.name for entry in tmp_path.iterdir()} == {"link.bib", "refs.bib"}


def test_what_was_written_in_the_meantime_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    write(path, MINE)
    one, two = (BibFile.read(path).updated([make(n)]) for n in (2, 3))
    one.write()
    two.write()
    assert {entry.doi for entry in BibFile.read(path).entries} >= {
        "10.5072/hf/0002",
        "10.5072/hf/0003",
    }


def test_the_entries_follow_the_kind_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    path.write_text("@online{x, title={y}, date={2020}}\n")
    file = BibFile.read(path).updated([make(1)])
    assert "@software{lovelace2026tinybert1," in file.text
    assert "@misc{lovelace" in BibFile.read(path).updated([make(1)], "bibtex").text


def test_letters_without_a_font_are_explained_to_latex_once(tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    BibFile.read(path).updated([make(1, authors=["李小明"])]).write()
    assert path.read_text().count("@preamble") == 1
    BibFile.read(path).updated([make(1, authors=["李小明"]), make(2, authors=["李小"])]).write()
    assert path.read_text().count("@preamble") == 1
    BibFile.read(path).updated([make(3, authors=["王小明"])]).write()
    assert path.read_text().count("@preamble") == 2
    assert path.read_text().count("hubdoiletter{王}") == 1


@given(
    st.lists(
        st.sampled_from(
            ["% c\n", "\n", "\r\n", "@misc{a,title={b}}\n", "@misc{a, title = {x\r\ny}}\r\n", "text\r\n",
             "@string{s = {t}}\n", "@misc{z1, doi={10.5072/hf/0001},\r\n title={q}\n}\n", "é李 ", "@comment{x}\n"]
        ),
        max_size=8,
    )
)  # fmt: skip
def test_random_files_keep_what_is_not_ours(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / f"{os.getpid()}.bib"
    text = "".join(parts)
    path.write_bytes(text.encode())
    file = BibFile.read(path)
    assert file.content == text.encode() and not file.differs
    ours = "@misc{z1, doi={10.5072/hf/0001},\r\n title={q}\n}"
    updated = file.updated([make(1)])
    for kept in text.split(ours) if ours in text else [text]:
        assert kept.strip("\r\n") in updated.text or text.count(ours) > 1
    library = bibtexparser.entrypoint.parse_string(
        updated.text.replace("\r\n", "\n"), parse_stack=[]
    )
    assert (
        sum("10.5072/hf/0001" in str(entry.fields_dict.get("doi")) for entry in library.entries)
        == 1
    )
    assert not updated.write().updated([make(1)]).differs


def test_thousands_of_entries_are_updated(tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    versions = [make(1, doi=f"10.5072/hf/{n:05d}", repo=f"ada/m{n}") for n in range(2_000)]
    BibFile.read(path).updated(versions).write()
    again = BibFile.read(path).updated([v.replace(authors=(Author("x"),)) for v in versions])
    assert len(again.changed) == 2_000

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import bibtexparser.entrypoint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubdoi.bibliography.bibfile import BibFile
from hubdoi.citation.atomic import write_atomically
from hubdoi.citation.keys import key_of
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


def key(number: int) -> str:
    return key_of(make(number))


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
    file = BibFile.read(path).updated([make(1), make(2)], adopt=True).write()
    after = path.read_bytes()
    assert file.content == after
    end = ends.encode()
    start = before.index(b"@MISC")
    assert after.startswith(before[:start])
    tail = before[before.index(end + b"stray text") :]
    assert tail in after
    rest = after[after.index(tail) + len(tail) :]
    assert rest.startswith(end + end + b"@misc{" + key(2).encode() + b"," + end)
    ours = after[start : after.index(tail)]
    assert ours.startswith(b"@misc{mybert," + end), "the key that the user gave it"
    assert b"keywords     = {a} # hf # {, hubdoi:" in ours, "and the user's own field"
    assert b"old title" not in ours and b"tiny-bert1 (Revision 0000001)" in ours
    if ends == "\r\n":
        assert after.count(b"\n") == after.count(b"\r\n")


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    write(path, MINE)
    versions = [make(1), make(2), make(3, doi=None)]
    first = BibFile.read(path).updated(versions, adopt=True)
    assert first.added == (key(2), key(3))
    assert first.changed == ("mybert",)
    first.write()
    stamp = path.stat().st_mtime_ns
    again = BibFile.read(path).updated(versions)
    assert not again.differs and again.diff() == ""
    assert again.unchanged == ("mybert", key(2), key(3))
    again.write()
    assert path.stat().st_mtime_ns == stamp


def test_classic_entries_are_known_by_their_note(tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    versions = [
        make(1, title="A model", doi="10.1234/a_b;2-#"),
        make(2, title="An article", version="v2", resource_type="JournalArticle"),
        make(3, title="Without a DOI", doi=None),
        make(4),
    ]
    for ascii in (False, True):
        path.write_bytes(b"")
        BibFile.read(path).updated(versions, classic=True, ascii=ascii).write()
        again = BibFile.read(path).updated(versions, classic=True, ascii=ascii)
        assert (again.added, len(again.unchanged), again.differs) == ((), 4, False)


@pytest.mark.parametrize(
    ("fields", "is_known"),
    [
        ("note = {v1.2, doi:10.5072/hf/0001}", True),
        (r"howpublished = {\url{https://doi.org/10.5072/hf/0001}}", True),
        (r"note = {\href{https://doi.org/10.5072/HF/0001}{the DOI}}", True),
        (r"howpublished = {\url{https://huggingface.co/ada/tiny-bert1/tree/0000001ccc}}", True),
        # What a sentence names is another work.
        ("note = {The code is doi:10.5072/hf/0001}", False),
        ("note = {Version 2 of doi:10.5072/hf/0001, read in May}", False),
    ],
)
def test_an_entry_is_known_by_a_link_and_not_by_a_sentence(
    tmp_path: Path, fields: str, is_known: bool
) -> None:
    path = tmp_path / "refs.bib"
    path.write_text(f"@misc{{mine, title = {{T}}, {fields}}}")
    assert (BibFile.read(path).updated([make(1)]).keys == ("mine",)) is is_known


def test_an_entry_without_a_key_is_left_alone_and_another_is_added(tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    text = "@misc{, title = {T}, doi = {10.5072/hf/0001}}\n"
    path.write_text(text)
    for adopt in (False, True):
        file = BibFile.read(path).updated([make(1)], adopt=adopt)
        assert file.keys == (key(1),) and file.text.startswith(text)


def test_a_key_that_the_user_changed_stays(tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    versions = [make(1), make(2, doi=None)]
    BibFile.read(path).updated(versions).write()
    text = path.read_text().replace(key(1), "bert").replace(key(2), "two")
    path.write_text(text)
    file = BibFile.read(path).updated([*(v.replace(description="x") for v in versions), make(3)])
    assert file.unchanged == ("bert", "two") and file.added == (key(3),)
    minted = make(2)
    file = BibFile.read(path).updated([minted])
    assert file.changed == ("two",), "the entry of the revision gets the DOI that it has now"
    assert "doi          = {10.5072/hf/0002}" in file.text


def test_keys_of_the_file_are_not_taken_twice(tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    path.write_text(f"@book{{{key(1).upper()}, title={{Notes}}}}\n")
    file = BibFile.read(path).updated([make(1)])
    assert file.added[0].startswith(key(1)) and len(file.added[0]) > len(key(1))
    assert file.keys == file.added


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
    diff = BibFile.read(path).updated([make(1)], adopt=True).diff()
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
    with pytest.raises(InvalidInput, match="is a directory"):
        BibFile.read(tmp_path)
    with pytest.raises(InvalidInput, match=r"^\. is a directory"):
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
    assert f"@software{{{key(1)}," in file.text
    assert "@misc{lovelace" in BibFile.read(path).updated([make(1)], "bibtex").text


CURATED = """@dataset{bert,
  author = {Ada Lovelace},
  title  = {{TinyBERT}: My Own Title},
  doi    = {10.5072/hf/0001},
  note   = {The one that we fine-tuned}
}
"""


def test_an_entry_that_hubdoi_did_not_write_is_left_alone_and_its_key_is_the_one_to_cite(
    tmp_path: Path,
) -> None:
    path = tmp_path / "refs.bib"
    path.write_text(CURATED)
    file = BibFile.read(path).updated([make(1), make(2)]).write()
    assert file.foreign == ("bert",) and file.keys == ("bert", key(2))
    assert path.read_text().startswith(CURATED)
    assert path.read_text().count("10.5072/hf/0001") == 1


def test_it_is_taken_over_when_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    path.write_text(CURATED)
    file = BibFile.read(path).updated([make(1)], adopt=True)
    assert "-  title  = {{TinyBERT}: My Own Title}," in file.diff().splitlines()
    file.write()
    (entry,) = BibFile.read(path).entries
    assert entry.key == "bert" and entry.mark and entry.get("note") == "The one that we fine-tuned"
    assert entry.get("title") == "tiny-bert1 (Revision 0000001)"


def test_fields_that_a_person_wrote_changed_or_deleted_survive_an_update(tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    BibFile.read(path).updated([make(1)]).write()
    text = path.read_text()
    text = text.replace("{{tiny-bert1 (Revision 0000001)}}", "{My {BERT}}")
    text = re.sub(r"  month .*\n", "", text)
    text = text.replace(
        "keywords     = {hubdoi:", "file = {a.pdf},\n  note = {Mine},\n  keywords = {nlp, hubdoi:"
    )
    path.write_text(text)
    assert not BibFile.read(path).updated([make(1)]).differs, "nothing of ours changed"
    file = BibFile.read(path).updated([make(1, authors=["Hopper, Grace"])]).write()
    assert file.changed == (key(1),)
    (entry,) = BibFile.read(path).entries
    assert entry.get("author") == "Hopper, Grace", "ours, which nobody changed"
    assert entry.raw("title") == "{My {BERT}}"
    assert (entry.get("file"), entry.get("note"), entry.get("month")) == ("a.pdf", "Mine", "")
    assert entry.get("keywords").startswith("nlp, hubdoi:")


@pytest.mark.parametrize(
    "saved",
    [
        lambda text: re.sub(r" +=", " =", text).replace("@misc", "@Misc"),
        lambda text: text.replace("{{", "{").replace("}}", "}"),
        lambda text: re.sub(r"= \{([^{}]*)\}", r'= "\1"', text),
        lambda text: re.sub(r"\{(hubdoi:\w+)\}", r"{nlp; \1; seen}", text),
    ],
)
def test_the_mark_survives_programs_that_save_the_file(tmp_path: Path, saved: Any) -> None:
    path = tmp_path / "refs.bib"
    BibFile.read(path).updated([make(1)]).write()
    path.write_text(saved(path.read_text()))
    assert BibFile.read(path).updated([make(1)]).unchanged == (key(1),)
    file = BibFile.read(path).updated([make(1, authors=["Hopper, Grace"], publisher="X")]).write()
    assert file.changed == (key(1),)
    (entry,) = BibFile.read(path).entries
    assert (entry.get("author"), entry.get("howpublished")) == ("Hopper, Grace", "X")


def test_of_two_entries_with_one_doi_ours_is_updated(tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    BibFile.read(path).updated([make(1)]).write()
    path.write_text(CURATED + path.read_text())
    file = BibFile.read(path).updated([make(1, authors=["Hopper, Grace"])]).write()
    assert file.changed == (key(1),) and path.read_text().startswith(CURATED)


def test_many_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    path.write_text(CURATED)
    script = (
        "import sys; from hubdoi.bibliography.bibfile import BibFile;"
        "from hubdoi.records import Version\n"
        "for n in range(int(sys.argv[2]), int(sys.argv[2]) + 5):\n"
        "    v = Version.from_parts(doi=f'10.5072/hf/{n:04d}', repo=f'ada/m{n}', revision=f'{n:040x}')\n"
        "    BibFile.read(sys.argv[1]).updated([v]).write()\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", script, str(path), str(first)])
        for first in (10, 20, 30, 40)
    ]
    assert [writer.wait(120) for writer in writers] == [0, 0, 0, 0]
    found = {entry.doi for entry in BibFile.read(path).entries}
    assert len(found) == 21 and path.read_text().startswith(CURATED)
    assert [entry.name for entry in tmp_path.iterdir()] == ["refs.bib"]


def test_a_file_that_does_not_change_keeps_a_double_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    path.write_bytes(b"\xef\xbb\xbf\xef\xbb\xbf@misc{a, title={x}}\n")
    file = BibFile.read(path).updated([])
    assert file.content == path.read_bytes()
    assert not file.differs


def test_a_byte_order_mark_is_kept_once(tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    path.write_bytes(b"\xef\xbb\xbf\xef\xbb\xbf@misc{a, title={x}}\n")
    BibFile.read(path).updated([make(1)]).write()
    assert path.read_bytes().count(b"\xef\xbb\xbf") == 1
    assert path.read_bytes().startswith(b"\xef\xbb\xbf@misc{a")


def test_only_regular_files_are_read_or_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.bib"
    os.mkfifo(pipe)
    link = tmp_path / "link.bib"
    link.symlink_to("/dev/null")
    for path, what in ((pipe, "a named pipe"), (link, "a device"), (Path("/dev/zero"), "a device")):
        with pytest.raises(InvalidInput, match=rf"{path.name} is {what}"):
            BibFile.read(path)
        with pytest.raises(InvalidInput, match=what):
            write_atomically(path, b"x")
    assert link.is_symlink() and Path("/dev/null").is_char_device()


@pytest.mark.parametrize(
    "head", ["@misc\n{", "@ misc{", "@\n  misc  {", "  @misc \t{", "@misc\n\n("]
)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_an_entry_may_be_spread_over_lines(tmp_path: Path, head: str, ends: str) -> None:
    path = tmp_path / "refs.bib"
    close = ")" if head.endswith("(") else "}"
    before = (
        f"% one\n{head}theirs,\n  doi = {{10.5072/hf/0001}}\n{close}\n@book{{last, title={{x}}}}\n"
    )
    content = write(path, before, ends=ends)
    file = BibFile.read(path).updated([make(1)])
    assert (file.foreign, file.keys, file.content) == (("theirs",), ("theirs",), content)
    # Taken over, it is the entry alone that is replaced.
    taken = BibFile.read(path).updated([make(1)], adopt=True).content.decode()
    indent = head[: len(head) - len(head.lstrip(" "))]
    assert taken.startswith(f"% one{ends}{indent}@misc{{theirs,{ends}")
    assert taken.endswith(f"}}{ends}@book{{last, title={{x}}}}{ends}")
    assert taken.count("10.5072/hf/0001") == 1


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.bib"
    with path.open("wb") as file:
        file.truncate(300_000_000)
    with pytest.raises(InvalidInput, match="larger than 256 MB"):
        BibFile.read(path)


@pytest.mark.parametrize(
    "text",
    [
        "@misc{a, title={x}}\n@misc{a, title={y}}\n",
        "@comment{jabref-meta: databaseType:bibtex;}\n@comment{jabref-meta: grouping:\n0 AllEntriesGroup:;\n}\n",
        "@inbook{a, crossref={b}, title={x}}\n@book{b, title={y}}\n",
        "@misc{a, title={x}, title={again}}\n",
        "@string(x = {y})\n@MISC(b, title = x # {z})\n",
    ],
)
def test_what_files_of_the_world_have_in_them_stays(tmp_path: Path, text: str) -> None:
    path = tmp_path / "refs.bib"
    path.write_text(text)
    BibFile.read(path).updated([make(1)]).write()
    assert path.read_text().startswith(text)


WORLD = """\
% Encoding: ISO8859_1
@article{doppelt, title = {Müller über alles}, year = 1999}
@article{doppelt, title = {the same key again}, year = 2000}
@inproceedings{kind, crossref = {eltern}, title = {A child with a {{DOI}}}}
@proceedings{eltern, title = "The parent # of {\\"o}thers", doi = {10.1000/182}}
@comment{jabref-meta: databaseType:bibtex;}
@comment{jabref-meta: grouping:
0 AllEntriesGroup:;
1 StaticGroup:a\\;0\\;1\\;0x8a8a8aff\\;\\;\\;;
}
"""


@pytest.mark.parametrize("format", ["bibtex", "biblatex"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_file_with_all_the_bad_habits_is_added_to(tmp_path: Path, format: Any, ends: str) -> None:
    path = tmp_path / "refs.bib"
    before = write(path, WORLD, ends=ends, encoding="latin-1")
    file = BibFile.read(path).updated([make(1), make(2)], format).write()
    after = path.read_bytes()
    assert after.startswith(before)
    assert [entry.key for entry in file.entries] == [
        "doppelt",
        "doppelt",
        "kind",
        "eltern",
        key(1),
        key(2),
    ]
    library = bibtexparser.entrypoint.parse_string(after.decode("latin-1"), parse_stack=[])
    assert [entry.key for entry in library.entries][-4:] == ["kind", "eltern", key(1), key(2)]
    assert len(library.comments) >= 2
    assert not BibFile.read(path).updated([make(2), make(1)], format).differs


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
    assert file.updated([make(1)]).text.startswith(text)
    theirs = "@misc{z1, doi={10.5072/hf/0001},\r\n title={q}\n}"
    updated = file.updated([make(1)], adopt=True)
    for kept in text.split(theirs) if theirs in text else [text]:
        assert kept.strip("\r\n") in updated.text or text.count(theirs) > 1
    library = bibtexparser.entrypoint.parse_string(
        updated.text.replace("\r\n", "\n"), parse_stack=[]
    )
    assert (
        sum("10.5072/hf/0001" in str(entry.fields_dict.get("doi")) for entry in library.entries)
        == 1
    )
    assert not updated.write().updated([make(1)]).differs


def test_thousands_of_entries_are_updated_at_once(tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    versions = [make(1, doi=f"10.5072/hf/{n:05d}", repo=f"ada/m{n}") for n in range(500)]
    BibFile.read(path).updated(versions).write()
    again = BibFile.read(path).updated([v.replace(authors=(Author("x"),)) for v in versions])
    assert len(again.changed) == 500


@pytest.mark.parametrize(
    "link",
    [
        "doi = {10.5072/HF/0001}",
        "url = {https://doi.org/10.5072%2Fhf%2F0001}",
        "note = {\\url{https://dx.doi.org/10.5072/hf/0001}}",
        "note = {doi:10.5072/hf/0001}",
    ],
)
def test_an_entry_is_known_by_its_doi_however_it_is_written(tmp_path: Path, link: str) -> None:
    path = tmp_path / "refs.bib"
    write(path, f"@misc{{mine, {link}}}\n")
    file = BibFile.read(path).updated([make(1)])
    assert (file.foreign, file.added) == (("mine",), ())
    assert BibFile.read(path).updated([make(11), make(2)]).foreign == ()


@pytest.mark.parametrize(
    "text",
    [
        '@string{d = "10.5072/hf/0001"}\n@misc{mine, doi = d}\n',
        "@STRING(D = {10.5072/hf/0001})\n@misc{mine, doi = d }\n",
        '@string{d = "10.5072/hf/0001",}\n@misc{mine, DOI = D}\n',
        '@string{p = "10.5072"}\n@string{d = p # "/hf/"}\n@misc{mine, doi = d # 0001}\n',
        '@misc{mine, doi = "10.5072" # {/h} # {f/}\n # "0001"}\n',
        '@string{u = "https://doi.org/"}\n@misc{mine, url = u # {10.5072/hf/0001}}\n',
        # Each entry means the string as it was defined last.
        '@string{d="10.5072/hf/0001"}\n@misc{mine, doi=d}\n@string{d="10.5072/hf/0009"}\n',
    ],
)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_doi_may_be_in_a_string_and_in_parts(tmp_path: Path, text: str, ends: str) -> None:
    path = tmp_path / "refs.bib"
    content = write(path, text, ends=ends)
    file = BibFile.read(path).updated([make(1)])
    assert (file.foreign, file.keys, file.content) == (("mine",), ("mine",), content)
    # Somebody else's DOI is not ours because a part of it is.
    assert BibFile.read(path).updated([make(2)]).foreign == ()
    adopted = BibFile.read(path).updated([make(1)], adopt=True)
    assert adopted.changed == ("mine",)
    if "string" in text.lower():
        assert adopted.content.startswith(content[: content.index(b"@misc")])
    assert "doi" in {name.lower() for name, _ in adopted.write().entries[0].raw_fields}
    assert BibFile.read(path).entries[0].doi == "10.5072/hf/0001"


def test_a_field_that_names_a_string_stays_in_an_entry_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    BibFile.read(path).updated([make(1)]).write()
    ours = path.read_text()
    strings = '@string{d = "10.5072/hf/0001"}\n@string{hub = "Hugging Face"}\n'
    edited = strings + ours.replace("{10.5072/hf/0001}", "d").replace("{Hugging Face}", "hub")
    assert edited.count("= hub") == edited.count("= d,") + edited.count("= d\n") == 1
    path.write_text(edited)
    assert not BibFile.read(path).updated([make(1)]).differs
    updated = BibFile.read(path).updated([make(1, title="Another")])
    assert updated.changed == (key(1),)
    assert "= hub" in updated.text and "{10.5072/hf/0001}" not in updated.text.split(strings)[1]


def test_strings_that_double_with_each_line_are_read_in_no_time(tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    lines = ['@string{a0 = "10.5072/hf/0001"}']
    lines += [f"@string{{a{n} = a{n - 1} # a{n - 1}}}" for n in range(1, 60)]
    path.write_text("\n".join([*lines, "@misc{mine, doi = a59, url = a0}\n"]))
    assert BibFile.read(path).updated([make(1)]).foreign == ("mine",)

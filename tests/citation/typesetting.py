"""Works to typeset, and the programs that typeset them."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from hubdoi.records import Author, Contributor, Version
from hubdoi.records.container import Container

REVISION = "909a290" + "c" * 33
# Of a picture: the page's resolution, and what is left of the margin.
_DPI, _MARGIN = 110, 16


def run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=600, check=False)
    output = done.stdout.decode(errors="replace")
    assert done.returncode == 0, f"{command}: {output[-3000:]}"
    return output


def latex(folder: Path, engine: str, text: str) -> str:
    """Compile a document once; its log."""
    (folder / "paper.tex").write_text(text)
    run(folder, engine, "-interaction=nonstopmode", "-no-shell-escape", "paper")
    return (folder / "paper.log").read_text(errors="replace")


def bibtex(folder: Path, style: str, file: str) -> str:
    """The bibliography that a style makes of a .bib file, without TeX."""
    (folder / f"{style}.aux").write_text(
        f"\\relax\n\\citation{{*}}\n\\bibdata{{{file}}}\n\\bibstyle{{{style}}}\n"
    )
    said = run(folder, "bibtex", style)
    assert "Warning" not in said and "error" not in said, said
    return (folder / f"{style}.bbl").read_text()


def printed(folder: Path) -> str:
    """The text of the page, without white space: lines break anywhere."""
    return re.sub(r"\s+", "", run(folder, "pdftotext", "-raw", "-nopgbrk", "paper.pdf", "-"))


def model(name: str, number: int, *authors: Author, **changes: object) -> Version:
    version = Version.from_parts(
        doi=f"10.57967/hf/{number:04d}",
        repo=f"ada/{name}",
        revision=REVISION,
        authors=authors,
        created="2026-11-23T10:00:00Z",
    )
    return version.replace(**changes)


def objects() -> list[Version]:
    """A model, a dataset, an organisation, five authors, hard letters, and one without a DOI."""
    five = [Author.person(f"{name}, Ada") for name in ("Alef", "Bet", "Gimel", "Dalet", "He")]
    data = model("notes", 12, Author.person("Lovelace, Ada"), resource_type="Dataset")
    return [
        model("engine", 11, Author.person("Lovelace, Ada")),
        data,
        model("mill", 13, Author("Analytical Engine Society", "organization")),
        model("store", 14, *five),
        model("creme_100", 15, Author.person("Zola, Émile"), Author.person("Nguyễn, Văn")),
        model("bare", 16, Author.person("Hopper, Grace"), doi=None),
    ]


def article() -> Version:
    return Version.from_parts(
        doi="10.1234/sums",
        title="On Sums and Series",
        authors=[Author.person("Lovelace, Ada")],
        publisher="Taylor",
        year=1843,
        resource_type="JournalArticle",
        container=Container("Memoirs of Numbers", "3", "2", "666", "731"),
    )


def edited() -> list[Version]:
    """A chapter, a paper in proceedings, and a book that has editors and no author."""
    people = (Author.person("Hopper, Grace"), Author.person("King Jr., Martin"))
    chapter = Version.from_parts(
        title="Sketch of the Engine",
        url="https://example.org/sketch",
        authors=[Author.person("Somerville, Mary")],
        publisher="Taylor",
        year=1843,
        resource_type="BookChapter",
        container=Container("Collected Letters", first_page="7", last_page="9", number="3"),
        contributors=[Contributor(person, "Editor") for person in people],
    )
    url = "https://example.org"
    paper = chapter.replace(title="A Paper", resource_type="ConferencePaper", url=f"{url}/paper")
    book = chapter.replace(
        title="Letters", authors=(), container=None, resource_type="Book", url=f"{url}/book"
    )
    return [chapter, paper, book]


def works() -> list[Version]:
    """`objects`, an article, and a name in Japanese with the romanisation that its record gives."""
    return [*objects(), article(), model("honyaku", 17, Author("山田太郎 (Taro Yamada)", "person"))]


def assert_each_fact_once(text: str, what: str, *, publisher: bool = True) -> None:
    """`text` has no white space; each of `works` is in it with each of its facts, once."""
    # Some styles capitalise the words of a title.
    text = text.casefold()
    of_a_hub = [version for version in works() if version.repo]
    for version in of_a_hub:
        assert version.repo is not None
        name = version.repo.name
        assert text.count(f"{name}(revision909a290)") == 1, f"{what}: {name} in {text}"
    for doi in (version.doi.name for version in works() if version.doi):
        assert text.count(doi) == 1, f"{what}: {doi} in {text}"
    # Once in each title, and in the URL of the one that has no DOI.
    assert text.count("909a290") == len(of_a_hub) + 1, f"{what}: {text}"
    if publisher:
        published = len(re.findall("huggingface(?![.]co)", text))
        assert published == len(of_a_hub), f"{what}: {text}"
    for fact in ("onsumsandseries", "memoirsofnumbers", "666"):
        assert text.count(fact) == 1, f"{what}: {fact} in {text}"
    for name in ("lovelace", "analyticalenginesociety", "alef", "zola", "yamada"):
        assert name in text, f"{what}: {name} in {text}"


def keep_picture(folder: Path, name: str) -> None:
    """The page as a picture for the documentation, where ``make pictures`` asks for it."""
    if not (pictures := os.environ.get("HUBDOI_PICTURES")):
        return
    from PIL import Image, ImageOps

    run(folder, "pdftoppm", "-png", "-r", str(_DPI), "-singlefile", "paper.pdf", "page")
    page = Image.open(folder / "page.png").convert("L")
    left, top, right, bottom = ImageOps.invert(page).getbbox() or (0, 0, *page.size)
    box = (left - _MARGIN, top - _MARGIN, right + _MARGIN, bottom + _MARGIN)
    page.crop(box).quantize(16).save(Path(pictures) / f"{name}.png", optimize=True)

"""Versions to cite: a plain one, and fifty-odd that have broken bibliographies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from hubdoi.records import Author, Doi, Repo, Version

HARD_TITLES = (
    "my_model_100%_#1",
    "{unbalanced",
    "unbalanced}",
    "}{",
    "a } , note = {injected",
    "\\input{/etc/passwd}",
    "\\write18{touch /tmp/never}",
    "\\end{document}",
    "ends in a backslash\\",
    "\\\\ double backslash",
    "cash $ and $x^2_1$ and \\(y\\)",
    "AT&T & co. <b>bold</b> <script>alert(1)</script>",
    "tilde ~ caret ^ pipe | at @ hash #",
    "50% off %% comment",
    "quotes \"double\" and 'single' and `back` and ``both''",
    "dashes - -- --- and !` ?` ,, << >>",
    "@misc{evil, title={x}}",
    "% comment at the beginning",
    "# heading",
    "Crème brûlée à la française",
    "Łódź, Ærø, Straße, Þingvellir, Đakovo, İstanbul ı",
    "Czech ěščřžýáíé and Hungarian őű and Romanian șț and Latvian ķļņ",
    "Tiếng Việt có dấu",
    "Русская модель",
    "Ελληνικό μοντέλο",
    "中文模型 日本語 한국어",
    "نموذج عربي",
    "मॉडल हिन्दी",
    "emoji 🤗 and 👩‍🚀 and ✓",
    "combining e\u0301 and a\u0308o",
    "zero\u200bwidth and \u202eoverride\u202c and \u2066isolate\u2069",
    "control\x07characters\x00here\x1b[31m",
    "line\nbreaks\r\nand\ttabs\u2028and\u2029separators",
    "non\u00a0breaking\u202fspaces\u2003here",
    "math ∑ ∫ ≤ ≠ ∞ α β γ → ℝ",
    "“typographic” ‘quotes’ – and — dashes … and • bullets",
    "superscript ² ³ ¹ and ½ and ° and ™ and © and €",
    "ffi ﬁ ﬂ ligatures",
    "a" * 600,
    "word " * 150,
    "^^41 and ^^M and \\^^5c",
    "\\catcode`\\@=11 \\csname x\\endcsname",
    "a, b and c and d",
    "AND and others",
    "Title {With {Nested} Braces} Kept",
    "(Revision 0000000)",
    "https://example.org/a_b?c=d&e=f#g%20",
    "--",
    "'",
    '"',
    "{",
    "\\",
)

HARD_AUTHORS: tuple[tuple[Author, ...], ...] = (
    (Author.person("Lovelace, Ada"),),
    (Author("Centre Aquitain des Technologies de l'Information et Electroniques", "organization"),),
    (Author("jeevan"),),
    (Author.person("von Werra, Leandro"), Author.person("Kluge Corrêa, Nicholas")),
    (Author.person("King, Martin Luther, Jr."), Author.person("Vasquez III, Juan")),
    (Author.person("Émile Zola"), Author.person("Ñuñez, Óscar"), Author.person("Łukasz Żak")),
    (Author.person("Петров, Иван"), Author.person("李, 小明"), Author.person("الخوارزمي, محمد")),
    (Author("Barnes & Noble {and} Sons, 100% \\LaTeX{} #1_", "organization"),),
    (Author("A and B and C"), Author("others"), Author("and")),
    (Author.person("O'Neil, Conan"), Author.person("d'Alembert, Jean")),
    (Author("Smith, John; Doe, Jane; \\input{x}"),),
    (Author.person("and, and"), Author.person("Others, And")),
    (Author.person("{Curly}, Brace$"), Author.person("%Percent, #Hash")),
    (Author("🤗 Hub Friends"), Author.person("Trần, Thị Ngọc")),
    (Author.person("İnönü, Çağrı"), Author.person("Şahin, Ğ.")),
    (),
)


def make_version(number: int = 1, **changes: object) -> Version:
    repo = Repo("dataset" if number % 3 == 0 else "model", f"ada/tiny-bert_{number}")
    revision = f"{number:07x}" + "c" * 33
    values: dict[str, object] = {
        "doi": Doi(f"10.5072/hf/{number:04d}"),
        "repo": repo,
        "revision": revision,
        "title": f"tiny-bert_{number} (Revision {revision[:7]})",
        "authors": (Author.person("Lovelace, Ada"),),
        "publisher": "Hugging Face",
        "year": 2026,
        "created": datetime(2026, 11, 23, 10, 0, tzinfo=UTC),
        "url": repo.url(),
        "resource_type": {"model": "Model", "dataset": "Dataset"}[repo.type],
        "version": revision[:7],
    }
    return Version(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
def version() -> Version:
    """A plain version with a DOI."""
    return make_version(1)


@pytest.fixture
def without_doi() -> Version:
    """A repository that is cited by its URL and revision."""
    return make_version(2, doi=None)


@pytest.fixture(scope="session")
def hard_versions() -> list[Version]:
    """Versions whose metadata would break a careless citation."""
    return [
        make_version(
            number,
            title=title,
            authors=HARD_AUTHORS[number % len(HARD_AUTHORS)],
            publisher=title if number % 5 == 0 else "Hugging Face",
            version=title[:60] if number % 7 == 0 else None,
            doi=None if number % 11 == 0 else Doi(f"10.5072/hf/{number:04d}"),
        )
        for number, title in enumerate(HARD_TITLES, 1)
    ]


@pytest.fixture(scope="session")
def make() -> Callable[..., Version]:
    """Makes a version; keywords replace its parts."""
    return make_version

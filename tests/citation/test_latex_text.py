from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubdoi.citation.fallback import preamble
from hubdoi.citation.latex_text import (
    bibtex_name,
    bibtex_name_word,
    bibtex_text,
    latex_text,
    verbatim,
)
from hubdoi.records.plain_text import plain_line, plain_text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("my_model_100%_#1", r"my\_model\_100\%\_\#1"),
        ("a & b", r"a \& b"),
        ("$x^2$", r"\$x\textasciicircum{}2\$"),
        ("{a", r"\ensuremath{\lbrace}a"),
        ("a--b", "a-{}-b"),
        ("?`", "?{}`"),
        ("tiny-bert", "tiny-bert"),
    ],
)
def test_special_characters_become_text(text: str, written: str) -> None:
    assert latex_text(text) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("é", r"{\'e}"),
        ("Ç", r"{\c{C}}"),
        ("ï", r"{\"\i}"),
        ("Straße", r"Stra{\ss}e"),
        ("Łódź", r"{\L}{\'o}d{\'z}"),
        ("e\u0301", r"{\'e}"),
        ("李", "李"),
    ],
)
def test_accents_become_what_bibtex_can_sort(text: str, written: str) -> None:
    assert bibtex_text(text) == written


def test_names_in_other_scripts_are_never_cut_inside_a_letter() -> None:
    assert bibtex_name_word("Иван") == r"{\relax И}{\relax ван}"
    assert bibtex_name_word("小明") == r"{\relax 小明}"
    assert bibtex_name_word("Trần") == r"Tr{\relax ầ}n"
    assert bibtex_name("Institut 🤗") == r"{\relax Institut 🤗}"
    assert bibtex_name("A and B") == "{A and B}"


@given(st.text())
def test_braces_balance_whatever_comes(text: str) -> None:
    for written in (latex_text(text), bibtex_text(text), bibtex_name(text), bibtex_name_word(text)):
        depth = 0
        for character in written:
            depth += (character == "{") - (character == "}")
            assert depth >= 0
        assert depth == 0
        assert "\n" not in written


@given(st.text())
def test_an_address_stays_inside_its_field(text: str) -> None:
    written = verbatim(text)
    assert written.isascii()
    assert not set(written) & set('{}\\"^`| \n')


def test_a_line_has_no_controls_and_no_direction_overrides() -> None:
    assert plain_line(" a\x00b\u202ec\nd\u2028e\u200b ") == "a b c d e"
    assert plain_text("a\r\n\r\n\r\n\r\nb\x07") == "a\n\nb"


def test_typographic_marks_are_commands_that_every_tex_knows() -> None:
    said = bibtex_text("It’s ‘one’ – “two” — three…")
    assert said == (
        r"It{\textquoteright}s {\textquoteleft}one{\textquoteright} {\textendash} "
        r"{\textquotedblleft}two{\textquotedblright} {\textemdash} three{\textellipsis}"
    )
    assert preamble(said) == ""
    assert bibtex_name_word("O’Neil") == r"O{\textquoteright}Neil"

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubdoi.citation.bib_entry import bib_name
from hubdoi.citation.latex_text import ascii_text, latex_text, verbatim
from hubdoi.records import Author
from hubdoi.records.plain_text import plain_line, plain_text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("my_model_100%_#1", r"my\_model\_100\%\_\#1"),
        ("a & b", r"a \& b"),
        ("$x^2$", r"\$x\textasciicircum{}2\$"),
        ("{a", r"\ensuremath{\lbrace}a"),
        ("a}", r"a\ensuremath{\rbrace}"),
        ("}a{", r"\ensuremath{\rbrace}a\ensuremath{\lbrace}"),
        ("{a}", r"\{a\}"),
        ("a < b | c > d", "a < b | c > d"),
        ("Émile Nguyễn 山田太郎", "Émile Nguyễn 山田太郎"),
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
        ("Nguyễn", r"Nguy{\~{\^e}}n"),
        ("Þóra Đorđe", r"Þ{\'o}ra Đorđe"),
        ("李", "李"),
    ],
)
def test_accents_become_what_bibtex_can_sort(text: str, written: str) -> None:
    assert ascii_text(text) == written


def test_names_stay_in_their_script_and_whole() -> None:
    assert bib_name(Author.person("Петров, Иван"), latex_text) == "Петров, Иван"
    assert bib_name(Author("山田太郎"), latex_text) == "{山田太郎}"
    assert bib_name(Author("A and B"), latex_text) == "{A and B}"
    assert bib_name(Author.person("And, Or and"), latex_text) == "{And}, Or {and}"
    assert bib_name(Author.person("King Jr., Émile"), ascii_text) == r"King, Jr., {\'E}mile"


def test_a_romanisation_is_used_only_where_the_record_gives_one() -> None:
    both = Author("山田太郎 (Taro Yamada)", "person", family="山田太郎")
    assert bib_name(both.romanised, ascii_text) == "Yamada, Taro"
    assert Author.person("山田 太郎").romanised == Author.person("山田 太郎")
    assert Author("東京大学 (The University of Tokyo)", "organization").romanised.name == (
        "The University of Tokyo"
    )


@given(st.text())
def test_braces_balance_whatever_comes(text: str) -> None:
    for written in (latex_text(text), ascii_text(text)):
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


def test_a_word_stays_one_word_and_every_letter_stays() -> None:
    assert plain_line("exam\u00adple \ufeffx\u200by") == "example xy"
    assert plain_line("می\u200cخواهم \u0601٢") == "می\u200cخواهم \u0601٢"
    # Private use, a letter that no edition of Unicode has yet, and what is no character at all.
    assert plain_line("a\ue000b\U0003fff0c\ufffed") == "a\ue000b\U0003fff0c d"


def test_typographic_marks_are_written_as_every_tex_knows_them() -> None:
    said = ascii_text("It’s ‘one’ – “two” — three…")
    assert said == r"It's `one' -- ``two'' --- three{\ldots}"

from __future__ import annotations

from hubdoi.citation.fallback import definitions, missing_preamble, preamble


def test_ascii_needs_nothing() -> None:
    assert (
        preamble("@misc{a, title = {{\\'e}}}")
        == definitions("x")
        == missing_preamble("x", "")
        == ""
    )


def test_a_letter_without_a_font_gets_its_latin_spelling() -> None:
    said = preamble("李 ж ✓ 🤗")
    assert said.startswith('@preamble{"\\def\\hubdoiletter') and said.endswith('"}')
    assert "\\hubdoiletter{李}{Li}" in said and "\\hubdoiletter{ж}{zh}" in said
    assert definitions("李").splitlines()[-1] == "\\hubdoiletter{李}{Li}"


def test_the_spelling_cannot_break_out() -> None:
    for number in range(0x80, 0x3000):
        letter = chr(number)
        if letter.isprintable():
            line = preamble(letter).splitlines()[-1]
            assert line.count("{") == line.count("}") - 1 and line.count('"') == 2, letter


def test_letters_that_the_default_encoding_lacks() -> None:
    assert preamble("{\\DJ}{\\th}") == (
        '@preamble{"\\ProvideTextCommandDefault{\\DJ}{D}"\n'
        '  # "\\ProvideTextCommandDefault{\\th}{th}"}'
    )


def test_what_a_file_defines_is_not_defined_again() -> None:
    file = preamble("李ж")
    assert missing_preamble("李", file) == ""
    assert "{王}" in missing_preamble("李王", file) and "{李}" not in missing_preamble("李王", file)

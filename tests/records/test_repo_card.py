import pytest

from hubdoi.records.repo_card import Card, parse_card

CARD = b"""\
---
license: mit
language: [en, fr]
tags: [a, b, a]
base_model: org/base
datasets: org/data
date: 2026-01-02
---
# Heading

First *paragraph* with a [link](https://example.org), `code` and **bold** text;
it goes on.

Second paragraph.
"""


def test_metadata_and_text():
    card = parse_card(CARD)
    assert card.problem is None
    assert (card.license, card.languages) == ("mit", ("en", "fr"))
    assert card.base_models == ("org/base",)
    assert card.datasets == ("org/data",)
    assert card.data["date"] == "2026-01-02"
    assert card.description == "First paragraph with a link, code and bold text; it goes on."


def test_tags_of_a_model_and_of_a_dataset():
    card = parse_card(CARD)
    assert card.tags_for("model") == (
        "a",
        "b",
        "en",
        "fr",
        "dataset:org/data",
        "base_model:org/base",
        "license:mit",
    )
    assert "language:en" in card.tags_for("dataset")
    assert "en" not in card.tags_for("dataset")


def test_windows_line_ends_and_a_byte_order_mark():
    card = parse_card("\ufeff---\r\nlicense: mit\r\n---\r\nText.\r\n".encode())
    assert (card.license, card.description) == ("mit", "Text.")


@pytest.mark.parametrize(
    "front",
    [
        "license: [unclosed",
        "- a list",
        "just text",
        "a: !!python/object/apply:os.system ['true']",
        "\tlicense: mit",
        "a: &a [x, x]\nb: &b [*a, *a]\nc: *undefined",
        "? [a]\n: b\n? {c: d}\n: e\n",
        "[" * 5000,
        "key: " + "x" * 300_000,
    ],
)
def test_broken_metadata_is_no_metadata(front):
    card = parse_card(f"---\n{front}\n---\nText.\n".encode())
    assert card.problem is not None or card.data != {}
    assert card.description == "Text."
    assert card.license is None


def test_anchors_that_would_grow_without_bound():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for step in range(1, 12):
        lines.append(f"a{step}: &a{step} [{', '.join([f'*a{step - 1}'] * 10)}]")
    card = parse_card(("---\n" + "\n".join(lines) + "\n---\n").encode())
    assert card.data == {}
    assert card.problem is not None


def test_what_json_cannot_say():
    card = parse_card(b"---\na: .nan\nb: -.inf\nc: 2026-01-02\nd: 99999999999999999999999\n---\n")
    assert card.data == {
        "a": "nan",
        "b": "-inf",
        "c": "2026-01-02",
        "d": "99999999999999999999999",
    }


@pytest.mark.parametrize(
    ("text", "description"),
    [
        ("", None),
        ("# Only a heading", None),
        ("<!-- a comment -->\n\nText.", "Text."),
        ("```\ncode\n```\n\nText.", "Text."),
        ("![picture](x.png)\n\nText.", "Text."),
        ("| a | b |\n|---|---|\n\nText.", "Text."),
        ("- one\n- two\n\nText.", "Text."),
        ("<b onclick='x()'>\n\nText <i>with</i> <script>elements</script>.", "Text with elements."),
        ("snake_case_name and _emphasis_ stay apart.", "snake_case_name and emphasis stay apart."),
        ("a \\* b", "a * b"),
        ("right\u202eto left\u0007", "right to left"),
    ],
)
def test_description(text, description):
    assert parse_card(text.encode()).description == description


def test_a_long_paragraph_is_cut_between_words():
    description = parse_card(b"word " * 1000).description
    assert len(description) <= 1000
    assert description.endswith("word…")


def test_bytes_that_are_no_text():
    assert isinstance(parse_card(bytes(range(256)) * 10), Card)


@pytest.mark.parametrize(
    "hostile", ["[" * 50_000, "*" * 50_000, "`" * 50_000, "<a " * 20_000, "_a" * 25_000]
)
def test_hostile_text_is_read(hostile):
    assert isinstance(parse_card(hostile.encode()), Card)

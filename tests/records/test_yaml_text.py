from __future__ import annotations

import datetime

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from hubdoi.records.yaml_text import LARGEST, InvalidYaml, read_yaml, write_yaml


def bomb(levels: int, wide: int) -> str:
    lines = ["a0: &a0 {k: v}"]
    for n in range(1, levels):
        lines.append(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * wide)}]")
    return "\n".join(lines)


def merges(levels: int) -> str:
    lines = ["a0: &a0 {k: v}"]
    for n in range(1, levels):
        lines.append(f"a{n}: &a{n}\n  <<: [*a{n - 1}, *a{n - 1}]\n  k{n}: v")
    return "\n".join(lines)


HOSTILE = {
    "brackets": "a: " + "[" * 50_000,
    "braces": "a: " + "{" * 50_000,
    "closed brackets": "a: " + "[" * 20_000 + "]" * 20_000,
    "dashes": "- " * 50_000,
    "question marks": "? " * 50_000,
    "indentation": "\n".join(" " * n + "a:" for n in range(500)),
    "aliases": bomb(12, 10),
    "many aliases": "a: &a x\nb: [" + "*a, " * 5_000 + "x]",
    "merges": merges(40),
    "nested merges": "a: " + "{<<: " * 1_000 + "{}" + "}" * 1_000,
    "a merge of itself": "a: &a\n  <<: *a\n",
    "an alias of itself": "a: &a [*a]",
    "huge": "a: " + "x" * 2_000_000,
    "many values": "[" + "1, " * 50_000 + "1]",
    "an anchor that is used before its end": "&a [&a [*a], *a, {b: *c}]",
    "no number": 'a: !!int ""',
    "no time": "a: !!timestamp x",
    "no truth": "a: !!bool x",
    "an object": "a: !!python/object/apply:os.system ['true']",
    "half of a character": "a: \ud800",
    "two documents": "a: b\n---\nc: d",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_yaml_is_refused_with_a_sentence(name: str) -> None:
    with pytest.raises(InvalidYaml) as refused:
        read_yaml(HOSTILE[name])
    assert refused.value.message.endswith(".") and len(refused.value.message) < 200


@pytest.mark.parametrize(
    "text",
    ["a: " + "9" * 100_000, "a: 0x" + "f" * 100_000, "a: 1" + ":59" * 50_000, "a: 1" + ":59" * 50_000 + ".5"],
    ids=["decimal", "hexadecimal", "sexagesimal", "sexagesimal with a fraction"],
)  # fmt: skip
def test_a_number_without_end_is_text(text: str) -> None:
    assert read_yaml(text) == {"a": text[3:]}


def test_what_people_write_is_read() -> None:
    text = """
    base: &base {license: mit, tags: [a, b]}
    one: {<<: *base, date: 2026-01-02, size: 12, share: 0.5, on: yes, none: ~}
    """
    assert read_yaml(text)["one"] == {
        "license": "mit", "tags": ["a", "b"], "date": "2026-01-02",
        "size": 12, "share": 0.5, "True": True, "none": None,
    }  # fmt: skip
    assert read_yaml("a: " + "[" * 18 + "]" * 18)["a"] != []
    assert read_yaml("x" * LARGEST) == "x" * LARGEST
    with pytest.raises(InvalidYaml) as refused:
        read_yaml("a: 1\nb: [2\n")
    assert refused.value.line is not None


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4), max_leaves=12))  # fmt: skip
@example({"x\x85y": "\x85", "a": "\u2028 \ufeff"})
def test_what_was_written_is_read_again(value: object) -> None:
    assert read_yaml(write_yaml({"value": value})) == {"value": value}


@given(st.text(alphabet="[]{}:,-?&*!|>'\"#%@` \n\tab01<~.", max_size=300))
@example("&a {<<: &a {<<: *a}}")
@example("!!binary a")
def test_any_text_is_json_or_a_sentence(text: str) -> None:
    try:
        found = read_yaml(text)
    except InvalidYaml as error:
        assert error.message.endswith(".")
    else:
        assert not isinstance(found, datetime.date | bytes | set | yaml.Node)

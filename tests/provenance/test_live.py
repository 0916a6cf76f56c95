from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from hubdoi.bibliography import uses_of_session


def found(cells: list[str], **namespace: Any) -> list[str]:
    return [use.repo_id for use in uses_of_session(cells, namespace)]


def test_run_time_values_where_the_code_cannot_tell() -> None:
    cells = ["name = input()", "X.from_pretrained(name)"]
    result = uses_of_session(cells, {"name": "ada/engine"})
    assert [(use.repo_id, use.cell) for use in result] == [("ada/engine", 2)]
    assert not result.unclear
    assert uses_of_session(cells, {}).unclear


def test_code_is_believed_before_the_namespace() -> None:
    cells = ['name = "ada/first"\nX.from_pretrained(name)', 'name = "ada/second"']
    assert found(cells, name="ada/second") == ["ada/first"]


def test_containers_and_attributes_of_the_namespace() -> None:
    cells = [
        "config = yaml.safe_load(text)",
        'X.from_pretrained(config["model"]["id"])',
        "for name in names:\n    X.from_pretrained(name)",
        "X.from_pretrained(args.model)",
    ]
    namespace = {
        "config": {"model": {"id": "ada/one", "size": 3}},
        "names": ["ada/two", 3, "ada/three"],
        "args": SimpleNamespace(model="ada/four"),
    }
    assert found(cells, **namespace) == ["ada/one", "ada/two", "ada/three", "ada/four"]


def test_a_local_name_is_not_the_namespace_s() -> None:
    result = uses_of_session(
        ["def load(name):\n    return X.from_pretrained(name)"], {"name": "ada/engine"}
    )
    assert not result.items


class Trap:
    """Runs code at every touch, as a stranger's object may."""

    @property
    def model(self) -> str:
        raise AssertionError("a property was read")

    def __getattr__(self, name: str) -> str:
        raise AssertionError("__getattr__ was called")

    def __str__(self) -> str:
        raise AssertionError("__str__ was called")

    def __eq__(self, other: object) -> bool:
        raise AssertionError("__eq__ was called")

    __hash__ = None  # type: ignore[assignment]


class Text(str):
    def strip(self, *_: Any) -> str:  # type: ignore[override]
        raise AssertionError("a method was called")


class Names(dict[str, str]):
    def items(self) -> Any:
        raise AssertionError("a method was called")


def test_no_code_of_the_session_is_called() -> None:
    cells = [
        "X.from_pretrained(a.model)\nX.from_pretrained(a)\nX.from_pretrained(t)\nX.from_pretrained(d['x'])"
    ]
    result = uses_of_session(cells, {"a": Trap(), "t": Text("ada/engine"), "d": Names(x="ada/x")})
    assert not result.items
    assert len(result.unclear) == 4


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("!hf download ada/engine", ["ada/engine"]),
        ("x = !hf download ada/engine", ["ada/engine"]),
        ("%time m = X.from_pretrained('ada/engine')", ["ada/engine"]),
        ("%%bash\nhf download ada/engine\nhf download ada/other\n", ["ada/engine", "ada/other"]),
        ("%%time\nm = X.from_pretrained('ada/engine')\n", ["ada/engine"]),
        ("if True:\n    !git clone https://huggingface.co/{name}", ["ada/engine"]),
    ],
)
def test_cells_as_ipython_keeps_them(cell: str, expected: list[str]) -> None:
    kept = TransformerManager().transform_cell(cell)
    assert "get_ipython()" in kept
    assert found(['name = "ada/engine"', kept]) == expected


def test_an_empty_session() -> None:
    assert len(uses_of_session([], {})) == 0
    assert found([""], In=["", ""]) == []

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hubdoi
from hubdoi.bibliography import uses
from hubdoi.records.errors import HubdoiError, InvalidInput


def notebook(*sources: str) -> dict[str, Any]:
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": s} for s in sources]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def found(*sources: str) -> list[tuple[str, str, str | None]]:
    return [(u.repo_type, u.repo_id, u.revision) for u in uses(notebook(*sources))]


def test_json_has_exactly_the_fields_of_the_contract(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(
        json.dumps(notebook("# one", '\nX.from_pretrained("gpt2",\n  revision="abc1234")'))
    )
    assert uses(str(path)).to_json() == [
        {
            "repo_type": "model",
            "repo_id": "gpt2",
            "revision": "abc1234",
            "cell": 1,
            "line": 2,
            "call": "X.from_pretrained",
            "notebook": str(path),
        }
    ]


def test_each_repository_and_revision_once_in_order_of_first_use() -> None:
    assert found(
        'X.from_pretrained("ada/b")\nX.from_pretrained("ada/a")',
        'X.from_pretrained("ada/b")\nX.from_pretrained("ada/b", revision="v1")',
    ) == [("model", "ada/b", None), ("model", "ada/a", None), ("model", "ada/b", "v1")]


def test_line_of_a_text_file_is_the_line_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text('# Title\n\n```{code-cell}\n:tags: [x]\n\nX.from_pretrained("gpt2")\n```\n')
    (use,) = uses(path)
    assert (use.cell, use.line) == (0, 6)
    script = tmp_path / "a.py"
    script.write_text('# %%\nx = 1\n# %%\n\nX.from_pretrained("gpt2")\n')
    (use,) = uses(script)
    assert (use.cell, use.line) == (1, 5)
    assert use.place == f"{script}, cell 1, line 5"


def test_public_name() -> None:
    assert hubdoi.uses is uses


def test_a_broken_file_among_others_is_one_line(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.ipynb", tmp_path / "bad.ipynb"
    good.write_text(json.dumps(notebook('X.from_pretrained("gpt2")')))
    bad.write_text("{")
    result = uses([bad, good, tmp_path / "none.ipynb"])
    assert [use.repo_id for use in result] == ["gpt2"]
    assert len(result.failures) == 2
    assert all("\n" not in failure for failure in result.failures)
    with pytest.raises(InvalidInput):
        uses(bad)


def test_the_same_repository_counts_in_each_notebook(tmp_path: Path) -> None:
    paths = []
    for name in "ab":
        paths.append(tmp_path / f"{name}.ipynb")
        paths[-1].write_text(json.dumps(notebook('load_dataset("squad")')))
    result = uses(paths)
    assert [use.notebook for use in result] == [str(path) for path in paths]
    assert len(result.repos) == 1


def test_a_bar_only_when_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    many = [notebook("x")] * 30
    uses(many)
    assert capsys.readouterr().err == ""
    uses(many, progress=True)
    shown = capsys.readouterr().err
    assert "/30" in shown
    # It leaves nothing behind.
    assert shown.rpartition("\r")[0].endswith(" ")


def test_what_is_no_source_is_refused() -> None:
    with pytest.raises(InvalidInput, match="int is not a notebook"):
        uses(3)  # type: ignore[arg-type]
    assert uses([3]).failures  # type: ignore[list-item]


def test_nothing_is_run_or_imported(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    code = f"open({str(mark)!r}, 'w')\nimport hubdoi_never_there\nX.from_pretrained(str(open({str(mark)!r}, 'w')) or 'a/b')"
    uses(
        notebook(
            code,
            f"!touch {mark}\nname = f'{{open({str(mark)!r}, chr(119))}}'\nX.from_pretrained(name)",
        )
    )
    assert not mark.exists()
    assert "hubdoi_never_there" not in sys.modules


def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys, hubdoi.bibliography as b; b.uses({'cells': []});"
        "print([m for m in ('huggingface_hub', 'httpx', 'pydantic', 'ipywidgets', 'IPython', 'tqdm', 'bibtexparser') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_work_is_bounded() -> None:
    doubling = "x0 = input()\n" + "\n".join(f"x{n} = x{n - 1} + x{n - 1}" for n in range(1, 60))
    uses(notebook(doubling, "X.from_pretrained(x59)"))
    fork = "\n".join(f"if c: a{n} = 'x'\nelse: a{n} = 'y'" for n in range(30))
    uses(notebook(fork, "X.from_pretrained(" + "+".join(f"a{n}" for n in range(30)) + ")"))
    deep = "X.from_pretrained(" + "f(" * 80 + "x" + ")" * 80 + ")"
    uses(
        notebook(
            deep,
            "x = x + x\nX.from_pretrained(x)",
            "def f(a): return f(a)\nX.from_pretrained(f('a'))",
        )
    )


def test_what_doubles_is_cut() -> None:
    classes = "class A0: m = 'ada/engine'\nclass B0: m = 'ada/notes'\n" + "".join(
        f"class A{n + 1}(A{n}, B{n}): pass\nclass B{n + 1}(A{n}, B{n}): pass\n" for n in range(200)
    )
    assert found(f"{classes}X.from_pretrained(A200.n)\nX.from_pretrained('ada/engine')") == [
        ("model", "ada/engine", None)
    ]
    doubling = "%%bash\nX=ada/engine\n" + "X=$X$X\n" * 60 + "hf download $X"
    (unclear,) = uses(notebook(doubling)).unclear
    assert unclear.call == "hf download"


def test_a_function_of_many_lines_is_read_once() -> None:
    def source(count: int) -> str:
        branches = "".join(f"  if a: x = 'ada/model-{n}'\n" for n in range(count))
        return f"def f(a):\n{branches}  return x\n" + "X.from_pretrained(f(1))\n" * count

    assert _steps(source(800)) < 5 * _steps(source(200))


def test_many_branches_are_read() -> None:
    branches = "".join(f"elif a == {n}: x = 'ada/other{n}'\n" for n in range(800))
    chosen = found(f"if a: x = 'ada/first'\n{branches}X.from_pretrained(x)")
    assert ("model", "ada/other799", None) in chosen


@pytest.mark.parametrize(
    "source",
    [
        "X.from_pretrained('a/%d' % 0x" + "f" * 6000 + ")",
        "X.from_pretrained(a" + ".b" * 3000 + ")",
        "x = a" + ".b()" * 3000 + "\nX.from_pretrained(x)",
        "X.from_pretrained(" + "(" * 400 + "1" + ")" * 400 + ")",
        "X.from_pretrained('a'" + " + 'b'" * 5000 + ")",
    ],
)
def test_what_is_beyond_the_limits_does_not_stop_the_other_cells(source: str) -> None:
    assert ("model", "ada/engine", None) in found(source, "X.from_pretrained('ada/engine')")


@pytest.mark.parametrize(
    "broken",
    [
        "x = (" + "A9+/" * 10_000 + "'''",
        "X.from_pretrained(a" + ".b" * 20_000,
        "except " + " " * 40_000 + "x",
        "\n" * 40_000 + "print x y",
        "print x" + " " * 40_000 + "y",
        "X.from_pretrained(" * 500,
    ],
)
def test_broken_cells_are_read_in_linear_time(broken: str) -> None:
    assert ("model", "ada/engine", None) in found(broken, "X.from_pretrained('ada/engine')")


def test_escapes_of_the_notebook_warn_nobody(recwarn: pytest.WarningsRecorder) -> None:
    assert found("a = '\\d'\nX.from_pretrained('gpt2')") == [("model", "gpt2", None)]
    assert not recwarn.list


def test_tokens_in_addresses_are_not_shown() -> None:
    result = uses(notebook("!git clone https://ada:hf_secret@huggingface.co/ada/engine"))
    assert result[0].repo_id == "ada/engine"
    assert "hf_secret" not in repr(result)


_WORDS = st.sampled_from(
    [
        "X.from_pretrained(",
        "load_dataset(",
        ")",
        "'gpt2'",
        '"',
        "'''",
        "f'{x}'",
        "name",
        "=",
        "\n",
        "    ",
        "!hf download ",
        "%%bash\n",
        "%time ",
        "?",
        "for x in ",
        ":",
        "[",
        "]",
        "{",
        "}",
        "def f(",
        "lambda x:",
        "print ",
        "hf://datasets/",
        "https://huggingface.co/",
        "a/b",
        "@",
        "\\",
        "\0",
        "\r",
        "é",
        "\u2028",
        "if 1:\n",
        "class A:\n",
        "return ",
        "self.",
        "*",
        "**",
        ", ",
        "revision=",
        ":=",
        "%s",
        "%",
        ".format(",
        "\ud800",
    ]
)


@given(st.lists(st.lists(_WORDS, max_size=25).map("".join) | st.text(max_size=80), max_size=4))
def test_any_text_is_read(sources: list[str]) -> None:
    uses(notebook(*sources)).to_json()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "cells",
                    "source",
                    "cell_type",
                    "code",
                    "metadata",
                    "worksheets",
                    "language_info",
                    "name",
                    "input",
                ]
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(_JSON)
def test_any_json_is_read_or_refused(value: Any) -> None:
    for source in (value, {"cells": value}, {"cells": [{"cell_type": "code", "source": value}]}):
        try:
            uses(source)
        except HubdoiError as error:
            assert error.message


def test_a_library_s_function_of_the_same_name_is_not_a_call_of_the_notebook_s_own() -> None:
    own = "import json, torch\ndef load(name):\n    return AutoModel.from_pretrained(name)\n"
    calls = 'load("ada/a")\ntorch.hub.load("pytorch/vision", "resnet18")\njson.load(open("a.json"))'
    assert found(own + calls) == [("model", "ada/a", None)]
    assert uses(notebook(own + calls)).unclear == ()


def test_a_method_is_called_by_its_object() -> None:
    own = "class A:\n    def load(self, name):\n        return AutoModel.from_pretrained(name)\n"
    calls = 'import torch\nA().load("ada/a")\na = A()\na.load("ada/b")\ntorch.hub.load("x/y", "z")'
    assert found(own + calls) == [("model", "ada/a", None), ("model", "ada/b", None)]


@pytest.mark.parametrize("namespace", ["org", "user", "name", "repo", "account", "namespace"])
def test_a_namespace_that_can_exist_is_no_placeholder(namespace: str) -> None:
    assert found(f'X.from_pretrained("{namespace}/a")') == [("model", f"{namespace}/a", None)]
    assert found(f'X.from_pretrained("your-{namespace}/a")') == []
    assert found(f'X.from_pretrained("my_{namespace}/a")') == []


CUT = "It has more values than hubdoi follows."


def reasons(*sources: str) -> list[tuple[str, str]]:
    return [(u.call, u.reason) for u in uses(notebook(*sources)).unclear]


@pytest.mark.parametrize(
    "source",
    [
        # more assignments than are followed
        "def f():\n"
        + "".join(f"    if c: x = 'ada/m{n}'\n" for n in range(80))
        + "    X.from_pretrained(x)",
        # a longer list
        f"for x in {[f'ada/m{n}' for n in range(300)]}:\n    X.from_pretrained(x)",
        # more combinations
        "import itertools\nfor a, b in itertools.product("
        + ", ".join(str([f"{kind}{n}" for n in range(20)]) for kind in ("o", "m"))
        + "):\n    X.from_pretrained(f'{a}/{b}')",
        # more calls of a function
        "def f(x):\n    X.from_pretrained(x)\n" + "".join(f"f('ada/m{n}')\n" for n in range(90)),
        # a longer text
        "X.from_pretrained('ada/' + " + repr("m" * 3000) + ")",
        "x = 'ada/'\ny = 'm' * 9\nX.from_pretrained(f'{x}" + "m" * 3000 + "')",
    ],
    ids=["assignments", "list", "product", "calls", "concatenation", "interpolation"],
)
def test_a_limit_is_said(source: str) -> None:
    assert ("X.from_pretrained", CUT) in reasons(source)


def test_a_limit_of_what_is_read_is_said() -> None:
    many = [f"hf://datasets/ada/d{n}/a.csv" for n in range(300)]
    assert reasons(f"frames = scan_all({many})") == [("scan_all", CUT)]
    loop = "\n".join(f"    'ada/m{n}'," for n in range(100))
    assert ("hf", CUT) in reasons(f"names = [\n{loop}\n]\n!hf download {{names[i]}}")


def test_a_docstring_is_no_code_where_a_file_does_not_parse(tmp_path: Path) -> None:
    path = tmp_path / "new.py"
    path.write_text(
        '"""How to use it.\n\nmodel = AutoModel.from_pretrained("ada/example")\n"""\n'
        "type Pair[T] = tuple[T, T]\n\n"
        "def build[T](kind: T):\n"
        "    '''As in\n\n    AutoModel.from_pretrained('ada/other')\n    '''\n"
        '    return AutoModel.from_pretrained("ada/engine")\n\n'
        'USAGE = """\nload_dataset("ada/shown")\n"""\n'
        'print(f"{names["a"]} and {x!r:>{width}} }")\n'
        'data = load_dataset("ada/notes")\n'
    )
    assert [u.repo_id for u in uses(str(path))] == ["ada/engine", "ada/notes"]


def test_a_text_that_never_ends_hides_nothing() -> None:
    broken = 'x = (\ny = """\nm = X.from_pretrained("ada/engine")\n'
    assert found(broken) == [("model", "ada/engine", None)]


def test_relative_import_means_the_package_of_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "mlx_lm" / "tuner"
    folder.mkdir(parents=True)
    for package in (folder, folder.parent):
        (package / "__init__.py").touch()
    near, deep, alone = folder.parent / "a.py", folder / "b.py", tmp_path / "c.py"
    near.write_text('from .utils import load\nload("ada/engine")\n')
    deep.write_text('from ..utils import load\nload("ada/engine")\n')
    alone.write_text('from .utils import load\nload("ada/engine")\n')
    assert [use.repo_id for use in uses(near)] == ["ada/engine"]
    assert [use.repo_id for use in uses(deep)] == ["ada/engine"]
    assert not list(uses(alone))
    deep.write_text('from ....utils import load\nload("ada/engine")\n')
    assert not list(uses(deep))


def test_what_was_read_is_not_followed_as_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    parse = ast.parse

    def counted(source: str, *rest: Any, **more: Any) -> Any:
        parsed.append(source)
        return parse(source, *rest, **more)

    monkeypatch.setattr("ast.parse", counted)
    working = [f"step{n} = frame.assign(n={n}).query('n > 1')\nprint(step{n})" for n in range(50)]
    reading = 'frame = pd.read_csv("hf://datasets/ada/notes/a.csv").dropna()'
    assert found(reading, *working) == [("dataset", "ada/notes", None)]
    assert len(parsed) < 5
    path = 'path = "hf://datasets/ada/notes/a.csv"\nother = path'
    assert found(path, *working, "pd.read_csv(other)") == [("dataset", "ada/notes", None)]


def _steps(source: str) -> int:
    """How many functions are called to scan `source`."""
    count = 0

    def tell(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event.endswith("call")

    before = sys.getprofile()
    sys.setprofile(tell)
    try:
        uses(notebook(source))
    finally:
        sys.setprofile(before)
    return count


MANY = {
    "constants": ("", "a{n} = 'ada/model-{n}'", "a5"),
    "a chain of names": ("a0 = 'ada/model'", "a{after} = a{n}", "a300"),
    "one name": ("", "a = 'ada/model-{n}'", "a"),
    "one name that grows": ("a = ''", "a += 'x'", "a"),
    "keys": ("d = {{}}", "d['k{n}'] = 'ada/model-{n}'", "d['k5']"),
    "alternatives": ("", "if input(): a = 'ada/model-{n}'", "a"),
    "one key": (
        "d = {{}}",
        "if input(): d['k'] = 'ada/model-{n}'\nAutoModel.from_pretrained(d['k'])",
        "1",
    ),
    "one attribute": ("", "c.m = 'ada/model-{n}'\nAutoModel.from_pretrained(c.m)", "c.m"),
    "functions": ("", "def f{n}(m): AutoModel.from_pretrained(m)\nf{n}('ada/model-{n}')", "1"),
    "branches": (
        "if input(): pass",
        "elif a == {n}: m = 'ada/model-{n}'\nelif a == -{n}: AutoModel.from_pretrained(m)",
        "m",
    ),
    "calls": ("", "m{n} = AutoModel.from_pretrained('ada/model-{n}')", "'ada/model'"),
}


@pytest.mark.parametrize("kind", MANY)
def test_many_assignments_take_steps_in_proportion(kind: str) -> None:
    first, line, last = MANY[kind]

    def source(count: int) -> str:
        lines = [line.format(n=n, after=n + 1) for n in range(count)]
        return "\n".join([first.format(), *lines, f"AutoModel.from_pretrained({last})"])

    uses(notebook(source(3)))
    few = _steps(source(400))
    assert _steps(source(1600)) < 4.5 * few

"""What IPython adds to Python: its lines become Python of the same height, shell lines are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .patterns import lazily

_SUSPECT = lazily(r"^[ \t]*(?:[!?]|%)|\?[ \t]*(?:#.*)?$|=[ \t]*[!%]", re.M)
_SHELL_MAGICS = frozenset({"bash", "sh", "script", "sx", "system", "zsh", "shell", "cmd", "!"})
_PYTHON_MAGICS = frozenset(
    "time timeit capture prun python python3 python2 pypy memit mprun lprun debug wandb "
    "skip px tb heat snakeviz pyinstrument scalene profile spark pyspark local".split()
)
_LINE_PYTHON_MAGICS = frozenset("time timeit prun memit lprun mprun debug".split())
_TEXT_MAGICS = frozenset(
    "html javascript js latex markdown svg perl ruby r cython writefile file sql duckdb bigquery "
    "file_append jsx css mermaid manim julia rust cpp configure ai".split()
)
_OPTION = lazily(r"^-{1,2}[\w-]+(?:[= ]\d+)?\s*")
_ASSIGNED = lazily(
    r"^(?P<indent>[ \t]*)(?P<names>[\w., \t\[\]'\"]+?)\s*=\s*(?P<mark>!|%{1,2})(?P<rest>.*)$"
)
# The pieces of a line that decide where strings and brackets begin and end.
_PIECE = lazily(r"'''|\"\"\"|\\.|['\"]|[()\[\]{}]|#")


@dataclass(slots=True)
class Lines:
    """A cell's Python, with as many lines as the cell, and what else stands in it.

    `shell` holds command lines and `text` other text that may name `hf://` paths (SQL), each with
    its line, counted from 1. `whole_shell` says that the cell is one script, with variables of
    its own.
    """

    python: str = ""
    shell: list[tuple[int, str]] = field(default_factory=list)
    text: list[tuple[int, str]] = field(default_factory=list)
    whole_shell: bool = False


def has_ipython(source: str) -> bool:
    """Whether anything in `source` may be IPython's; False is certain."""
    return _SUSPECT.search(source) is not None


def plain_python(source: str) -> Lines:
    """`source` without IPython's syntax; line numbers stay."""
    lines = source.split("\n")
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    heading = lines[first].strip()
    skipped = 0
    while heading.startswith("%%") and not heading.startswith("%%%"):
        name, _, rest = heading[2:].strip().partition(" ")
        cell = _cell_magic(name.lower(), rest, lines, first)
        if cell is not None:
            return cell
        skipped = first + 1
        # %%time under %%capture: one cell may begin with several
        first = next((n for n in range(skipped, len(lines)) if lines[n].strip()), len(lines))
        heading = lines[first].strip() if first < len(lines) else ""
    return _line_magics(lines, skipped)


def _cell_magic(name: str, rest: str, lines: list[str], first: int) -> Lines | None:
    """What a whole cell is; None when the rest of it is Python."""
    body = lines[first + 1 :]
    if name in _SHELL_MAGICS:
        if name == "script" and not re.search(r"\b(?:ba|z|da)?sh\b", rest):
            return Lines(python="")
        # `shell` is a field of Lines: nothing runs here.
        return Lines(  # nosec B604
            shell=[(n, line) for n, line in enumerate(body, first + 2) if line.strip()],
            whole_shell=True,
        )
    if name in ("writefile", "file") and rest.strip().endswith(".py"):
        return Lines(python="\n" * (first + 1) + "\n".join(body))
    if name in _TEXT_MAGICS:
        return Lines(text=[(first + 2, "\n".join(body))] if name in ("sql", "duckdb") else [])
    return None


def _line_magics(lines: list[str], skipped: int) -> Lines:
    found = Lines()
    python: list[str] = [""] * skipped
    state = _State()
    n = skipped
    while n < len(lines):
        line = lines[n]
        if state.inside:
            state.read(line)
            python.append(line)
            n += 1
            continue
        stripped = line.lstrip()
        assigned = _ASSIGNED.match(line) if ("!" in line or "%" in line) else None
        if stripped[:1] in ("!", "%", "?") or assigned:
            start = n
            while line.rstrip().endswith("\\") and n + 1 < len(lines):
                n += 1
                line = line.rstrip()[:-1] + " " + lines[n].strip()
            python.append(_rewritten(line, start + 1, found))
            python += [""] * (n - start)
        elif (
            stripped.rstrip().endswith("?")
            and "#" not in stripped
            and re.match(r"^[\w.*]+\?{1,2}$", stripped.rstrip())
        ):
            python.append(line[: len(line) - len(stripped)] + "pass")
        else:
            state.read(line)
            python.append(line)
        n += 1
    found.python = "\n".join(python)
    return found


def _rewritten(line: str, number: int, found: Lines) -> str:
    """A line of IPython's as a line of Python that binds the same names."""
    if (assigned := _ASSIGNED.match(line)) and not line.lstrip().startswith(("!", "%", "?")):
        rest = assigned["rest"].strip()
        if assigned["mark"] == "!":
            found.shell.append((number, rest))
        else:
            _magic(rest, number, found)
        return f"{assigned['indent']}{assigned['names'].strip()} = __shell__()"
    stripped = line.lstrip()
    indent = line[: len(line) - len(stripped)]
    if stripped.startswith("!"):
        found.shell.append((number, stripped.lstrip("!").strip()))
    elif stripped.startswith("%"):
        return indent + _magic(stripped.lstrip("%"), number, found)
    return indent + "pass"


def _magic(rest: str, number: int, found: Lines) -> str:
    name, _, argument = rest.strip().partition(" ")
    name = name.lower()
    if name in _LINE_PYTHON_MAGICS:
        argument = argument.strip()
        while option := _OPTION.match(argument):
            argument = argument[option.end() :]
        return argument or "pass"
    if name in ("sx", "system", "bash", "sh"):
        found.shell.append((number, argument))
    elif name in ("sql", "duckdb"):
        found.text.append((number, argument))
    elif name == "env" and "=" in argument:
        key, _, value = argument.partition("=")
        return f"__import__('os').environ[{key.strip()!r}] = {value.strip()!r}"
    return "pass"


def quoted_lines(lines: list[str]) -> frozenset[int]:
    """The lines that begin within a text of several lines, counted from 0."""
    state = _State()
    found: list[int] = []
    opened = 0
    for n, line in enumerate(lines):
        if state.quoted:
            found.append(n)
        else:
            opened = len(found)
        state.read(line)
    # a text that never ends is a mistake, and hides nothing
    return frozenset(found[:opened] if state.quoted else found)


class _State:
    """Whether the end of a line lies within a string of several lines or within brackets."""

    __slots__ = ("_depth", "_quote")

    def __init__(self) -> None:
        self._quote = ""
        self._depth = 0

    @property
    def inside(self) -> bool:
        return bool(self._quote) or self._depth > 0

    @property
    def quoted(self) -> bool:
        return bool(self._quote)

    def read(self, line: str) -> None:
        for match in _PIECE.finditer(line):
            piece = match.group()
            if self._quote:
                if piece == self._quote:
                    self._quote = ""
            elif piece == "#":
                break
            elif piece[0] in "'\"":
                self._quote = piece
            elif piece in "([{":
                self._depth += 1
            elif piece in ")]}":
                self._depth = max(0, self._depth - 1)
        if len(self._quote) == 1 and not line.rstrip().endswith("\\"):
            self._quote = ""

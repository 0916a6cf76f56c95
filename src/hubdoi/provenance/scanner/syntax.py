"""A cell's text as statements, as many of them as can be read."""

from __future__ import annotations

import ast
import re

from .ipython import Lines, has_ipython, plain_python, quoted_lines
from .patterns import lazily

_ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError)
# Each of these looks at a letter a bounded number of times, whatever the text is.
_PRINT = lazily(
    r"^([ \t]*)print[ \t]++(?![=(.,\[]|\bif\b|\bin\b|\bis\b)(.+)$|^([ \t]*)print[ \t]*+>>.*$", re.M
)
_EXCEPT = lazily(
    r"^([ \t]*except[ \t]+[\w.()\t ,]{1,200}?)[ \t]{0,8},[ \t]{0,8}(\w{1,80})[ \t]{0,8}:", re.M
)
_CALL_HEAD = lazily(r"(?<!\w)(?<!\w\.)[A-Za-z_][\w.]*+(?:\(\)(?:\.[A-Za-z_]\w*+)++)?[ \t]*+\(")
_MAX_CALL = 4000


class Parsed:
    """Statements with the cell's own line numbers, and what IPython's syntax held beside them."""

    __slots__ = ("body", "lines")

    def __init__(self, body: list[ast.stmt], lines: Lines) -> None:
        self.body = body
        self.lines = lines


def parse_cell(source: str, triggers: frozenset[str]) -> Parsed:
    """Read a cell; where it is broken, what can be read of it, down to single calls of `triggers`."""
    if not source.isascii():
        # Python reads other line ends as spaces; counted lines would run apart from shown ones
        source = source.replace("\u2028", " ").replace("\u2029", " ").replace("\x85", " ")
    source = (
        source.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", " ").replace("\0", " ")
    )
    try:
        return Parsed(ast.parse(source).body, Lines())
    except _ERRORS:
        pass
    lines = plain_python(source) if has_ipython(source) else Lines(python=source)
    try:
        return Parsed(ast.parse(lines.python).body, lines)
    except _ERRORS:
        return Parsed(_recovered(lines.python, triggers), lines)


def _recovered(source: str, triggers: frozenset[str]) -> list[ast.stmt]:
    """The statements of a broken cell, block by block."""
    fixed = _EXCEPT.sub(r"\1 as \2:", _PRINT.sub(_printed, source))
    indent = min((len(s) - len(s.lstrip()) for s in fixed.split("\n") if s.strip()), default=0)
    lines = [line[indent:] if line[:indent].isspace() else line for line in fixed.split("\n")]
    quoted = quoted_lines(lines)
    body: list[ast.stmt] = []
    for start, end in _blocks(lines, quoted):
        text = "\n".join(lines[start:end])
        statements = _parsed(text, start)
        if statements is None:
            statements = _salvaged(text, start, triggers, quoted)
        body += statements
    return body


def _printed(match: re.Match[str]) -> str:
    if match[2] is None:
        return f"{match[3] or ''}pass"
    return f"{match[1]}print({match[2].rstrip().rstrip(',;')})"


def _parsed(text: str, offset: int) -> list[ast.stmt] | None:
    try:
        tree = ast.parse(text)
    except _ERRORS:
        return None
    if offset:
        ast.increment_lineno(tree, offset)
    return tree.body


def _blocks(lines: list[str], quoted: frozenset[int]) -> list[tuple[int, int]]:
    """The ranges of lines that begin at the margin, with what is indented or closes them."""
    starts = [
        n
        for n, line in enumerate(lines)
        if line
        and n not in quoted
        and not line[0].isspace()
        and line[0] not in ")]}#"
        and not re.match(r"(?:elif|else|except|finally)\b", line)
        and not (n and lines[n - 1].lstrip().startswith("@"))
    ]
    if not starts:
        return [(0, len(lines))]
    starts[0] = 0
    return list(zip(starts, [*starts[1:], len(lines)], strict=True))


def _salvaged(
    text: str, offset: int, triggers: frozenset[str], quoted: frozenset[int]
) -> list[ast.stmt]:
    """What is left of a block that does not parse: its lines alone, then single calls in them."""
    body: list[ast.stmt] = []
    lines = text.split("\n")
    n = 0
    while n < len(lines):
        stripped = lines[n].strip()
        if not stripped or stripped.startswith("#") or offset + n in quoted:
            # also what stands within a text of several lines: a docstring is no code
            n += 1
            continue
        statements = None
        taken = 1
        # a statement may go on over a few lines
        for taken in range(1, min(12, len(lines) - n) + 1):
            candidate = "\n".join([stripped, *lines[n + 1 : n + taken]])
            statements = _parsed(candidate, offset + n)
            if statements is not None or candidate.count("(") <= candidate.count(")"):
                break
        if statements is None and stripped.endswith(":"):
            statements = _parsed(f"{stripped} pass", offset + n)
        if statements is None:
            taken = 1
            statements = _calls_in(lines, n, offset, triggers)
        body += statements
        n += taken
    return body


def _calls_in(lines: list[str], n: int, offset: int, triggers: frozenset[str]) -> list[ast.stmt]:
    """The calls of `triggers` that begin on a line, each as a statement."""
    line = lines[n]
    found: list[ast.stmt] = []
    seen, doubles, singles, commented = 0, 0, 0, False
    for match in _CALL_HEAD.finditer(line):
        name = match.group()[:-1].rstrip().rpartition(".")[2]
        between = line[seen : match.start()]
        seen = match.start()
        doubles += between.count('"')
        singles += between.count("'")
        commented = commented or "#" in between
        if name not in triggers or commented or doubles % 2 or singles % 2:
            continue
        rest = "\n".join([line[match.start() :], *lines[n + 1 : n + 12]])[:_MAX_CALL]
        end = _closing(rest, match.end() - match.start())
        if end and (statements := _parsed(rest[:end], offset + n)):
            found += statements
    return found


def _closing(text: str, start: int) -> int:
    """Where the bracket that opened just before `start` closes; 0 when it does not."""
    depth = 1
    quote = ""
    for n in range(start, len(text)):
        letter = text[n]
        if quote:
            if letter == quote and text[n - 1] != "\\":
                quote = ""
        elif letter in "'\"":
            quote = letter
        elif letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
            if not depth:
                return n + 1
    return 0

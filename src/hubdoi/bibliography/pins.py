"""`check --fix`: writes the revisions that are missing into the calls."""

from __future__ import annotations

import ast
import difflib
import json
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..provenance.scanner.binding import dotted_text
from ..provenance.scanner.document import read_notebook
from ..records import Displayed
from ..records.errors import InvalidInput
from .findings import Finding


@dataclass(frozen=True, slots=True)
class Pins(Displayed):
    """The changes of source that pin revisions, file by file; nothing is written before `write`.

    `left` are the findings that only a person can fix: the call could not be located for certain.
    """

    changes: tuple[tuple[Path, str, str], ...] = ()
    left: tuple[Finding, ...] = ()

    def diff(self) -> str:
        """All changes as a unified diff."""
        return "".join(
            "".join(
                difflib.unified_diff(
                    before.splitlines(keepends=True),
                    after.splitlines(keepends=True),
                    str(path),
                    str(path),
                    n=1,
                )
            )
            for path, before, after in self.changes
        )

    def write(self) -> Pins:
        """Write every file, whole or not at all.

        Raises:
            InvalidInput: a file cannot be written.
        """
        from ..citation.atomic import write_atomically

        for path, before, after in self.changes:
            raw = path.read_bytes()
            mark = b"\xef\xbb\xbf" if raw.startswith(b"\xef\xbb\xbf") else b""
            if raw[len(mark) :] != before.encode("utf-8"):
                raise InvalidInput(f"{path} has changed meanwhile; run the check again.")
            try:
                write_atomically(path, mark + after.encode("utf-8"))
            except OSError as error:
                reason = (error.strerror or "unknown").lower()
                raise InvalidInput(f"{path} cannot be written: {reason}.") from None
        return self


def pins_for(findings: Iterable[Finding]) -> Pins:
    """How to fix the HD001 among `findings`."""
    wanted = [one for one in findings if one.code == "HD001" and one.commit]
    changes: list[tuple[Path, str, str]] = []
    left: list[Finding] = []
    for name in dict.fromkeys(one.notebook for one in wanted):
        path = Path(name)
        own = [one for one in wanted if one.notebook == name]
        text = path.read_bytes().decode("utf-8-sig")
        if path.suffix == ".py":
            fixed, missed = _fix_text(text, own)
        elif path.suffix == ".ipynb":
            fixed, missed = _fix_notebook(path, text, own)
        else:
            fixed, missed = text, own
        left += missed
        if fixed != text:
            changes.append((path, text, fixed))
    return Pins(tuple(changes), tuple(left))


def _fix_notebook(path: Path, text: str, findings: list[Finding]) -> tuple[str, list[Finding]]:
    """A cell's source is replaced where its JSON stands in the file; all else stays byte for byte."""
    cells = read_notebook(path).get("cells")
    left: list[Finding] = []
    for index in sorted({one.cell for one in findings if one.cell is not None}):
        own = [one for one in findings if one.cell == index]
        source = cells[index].get("source") if isinstance(cells, list) else None
        lines = source if isinstance(source, list) else [source]
        fixed, missed = _fix_text("".join(map(str, lines)), own)
        left += missed
        parts = fixed.splitlines(keepends=True) if isinstance(source, list) else [fixed]
        if len(parts) != len(lines):
            left += own
            continue
        for before, after in zip(lines, parts, strict=True):
            replaced = _replace_once(text, before, after) if before != after else text
            if replaced is None:
                left += own
                break
            text = replaced
    return text, left


def _replace_once(text: str, before: str, after: str) -> str | None:
    """The JSON string of `before` replaced, when it stands once in the file; else None."""
    for ascii_only in (False, True):
        written = json.dumps(before, ensure_ascii=ascii_only)
        if text.count(written) == 1:
            return text.replace(written, json.dumps(after, ensure_ascii=ascii_only))
    return None


def _fix_text(source: str, findings: list[Finding]) -> tuple[str, list[Finding]]:
    """Python source with the pins written, and the findings that could not be located."""
    left: list[Finding] = []
    # from the end on, so that earlier places stay where they are
    for one in sorted(findings, key=lambda one: one.line, reverse=True):
        fixed = _pinned(source, one)
        if fixed is None:
            left.append(one)
        else:
            source = fixed
    return source, left


def _pinned(source: str, finding: Finding) -> str | None:
    lines = source.split("\n")
    if not 0 < finding.line <= len(lines):
        return None
    if finding.form == "option":
        line = lines[finding.line - 1]
        name = finding.repo.removeprefix("datasets/")
        if line.count(name) != 1 or "--revision" in line or "#" in line:
            return None
        lines[finding.line - 1] = line.replace(name, f"{name} --revision {finding.commit}")
        return "\n".join(lines)
    call = _call(source, finding)
    if call is None or call.end_lineno is None or call.end_col_offset is None:
        return None
    if finding.form == "path":
        return _path_pinned(lines, call, finding)
    if finding.form != "argument" or any(word.arg is None for word in call.keywords):
        return None
    for word in call.keywords:
        if word.arg == "revision":
            if not isinstance(word.value, ast.Constant):
                return None
            return _between(lines, word.value, f'"{finding.commit}"')
    return _added(lines, call, f'revision="{finding.commit}"')


def _call(source: str, finding: Finding) -> ast.Call | None:
    """The call of a finding, when there is exactly one of that name on its line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and node.lineno == finding.line
        and finding.call in (dotted_text(node.func), dotted_text(node.func).rpartition(".")[2])
    ]
    return found[0] if len(found) == 1 else None


def _path_pinned(lines: list[str], call: ast.Call, finding: Finding) -> str | None:
    """`hf://ada/notes/x` as `hf://ada/notes@COMMIT/x`, where it stands once in the call."""
    first, last = call.lineno - 1, call.end_lineno or call.lineno
    text = "\n".join(lines[first:last])
    if text.count(f"{finding.repo}/") != 1:
        return None
    text = text.replace(f"{finding.repo}/", f"{finding.repo}@{finding.commit}/")
    return "\n".join([*lines[:first], *text.split("\n"), *lines[last:]])


def _added(lines: list[str], call: ast.Call, word: str) -> str | None:
    """One more keyword before the bracket that closes the call."""
    given: list[ast.expr] = [*call.args, *(one.value for one in call.keywords)]
    after = max(given, key=lambda one: (one.end_lineno or 0, one.end_col_offset or 0), default=None)
    if after is None or after.end_lineno is None or after.end_col_offset is None:
        return None
    line = lines[after.end_lineno - 1].encode()
    begin, rest = line[: after.end_col_offset], line[after.end_col_offset :]
    if rest[:1] not in (b",", b")", b""):
        return None  # a bracket around the last argument, or a comment
    lines[after.end_lineno - 1] = (begin + f", {word}".encode() + rest).decode()
    fixed = "\n".join(lines)
    try:
        ast.parse(fixed)
    except (SyntaxError, ValueError):
        return None
    return fixed


def _between(lines: list[str], value: ast.expr, text: str) -> str | None:
    if value.end_lineno != value.lineno:
        return None
    line = lines[value.lineno - 1].encode()
    changed = line[: value.col_offset] + text.encode() + line[value.end_col_offset :]
    lines[value.lineno - 1] = changed.decode()
    return "\n".join(lines)

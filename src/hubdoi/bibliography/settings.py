"""The switches of `check` in pyproject.toml, and the baseline of findings that are known."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..citation.atomic import write_atomically
from ..config import nearest_file, read_toml
from ..records.errors import InvalidInput
from ..regular_file import read_regular
from .findings import CODES, Finding

# A large project's own; what is larger is something else.
_MOST_BYTES = 16_000_000
_FIELDS = frozenset({"ignore", "strict", "commit-only", "baseline"})


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """What `[tool.hubdoi.check]` of the nearest pyproject.toml says."""

    ignore: tuple[str, ...] = ()
    strict: bool = False
    commit_only: bool = False
    baseline: Path | None = None


def settings_of(folder: Path) -> CheckSettings:
    """The settings of `folder`: of the nearest pyproject.toml there or above.

    Raises:
        InvalidInput: the file cannot be read, or says something that `check` does not know.
    """
    file = nearest_file("pyproject.toml", folder)
    return _read(file) if file else CheckSettings()


def _read(file: Path) -> CheckSettings:
    table: Any = read_toml(file)
    for name in ("tool", "hubdoi", "check"):
        table = table.get(name, {}) if isinstance(table, dict) else {}
    table = table if isinstance(table, dict) else {}
    unknown = sorted(set(table) - _FIELDS)
    if unknown:
        raise InvalidInput(
            f"{file}: tool.hubdoi.check has no {unknown[0][:60]!r}; it has {', '.join(sorted(_FIELDS))}."
        )
    ignore = table.get("ignore", [])
    if not isinstance(ignore, list) or not all(code in CODES for code in ignore):
        raise InvalidInput(f"{file}: ignore is a list of codes of check: {', '.join(CODES)}.")
    for name in ("strict", "commit-only"):
        if not isinstance(table.get(name, False), bool):
            raise InvalidInput(f"{file}: {name} is true or false.")
    baseline = table.get("baseline")
    if baseline is not None and not isinstance(baseline, str):
        raise InvalidInput(f"{file}: baseline is the name of a file.")
    return CheckSettings(
        tuple(ignore),
        table.get("strict", False),
        table.get("commit-only", False),
        file.parent / baseline if baseline else None,
    )


def read_baseline(file: Path) -> frozenset[str]:
    """The fingerprints of the findings that are known.

    Raises:
        InvalidInput: there is no such file, or it is no baseline.
    """
    if not file.exists():
        raise InvalidInput(
            f"There is no baseline {file}; write one with: hubdoi check … --baseline {file} --write-baseline"
        )
    try:
        value = json.loads(read_regular(file, _MOST_BYTES))
        return frozenset(str(one["fingerprint"]) for one in value["findings"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InvalidInput(f"{file} is not a baseline of hubdoi check.") from None


def write_baseline(file: Path, findings: Iterable[Finding]) -> int:
    """Keep `findings` as known; how many there are.

    Raises:
        InvalidInput: the file cannot be written.
    """
    kept = [
        {
            "fingerprint": one.fingerprint,
            "code": one.code,
            "notebook": one.notebook,
            "repo": one.repo,
        }
        for one in findings
        if one.kind != "note"
    ]
    text = json.dumps({"format": "hubdoi-baseline/1", "findings": kept}, indent=2) + "\n"
    try:
        write_atomically(file, text.encode())
    except OSError as error:
        reason = (error.strerror or "unknown").lower()
        raise InvalidInput(f"{file} cannot be written: {reason}.") from None
    return len(kept)

"""``run``: a script, and a file that says what it loaded."""

from __future__ import annotations

import json
import os
import runpy
import sys
import traceback
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..records import Displayed
from ..records.errors import HubdoiError, InvalidInput, UsageError
from ..regular_file import read_regular
from .context import Context


@dataclass(frozen=True, slots=True)
class Ran(Displayed):
    """A script that was run; `exit_status` is its own, and nothing is printed beside its output."""

    exit_status: int
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ""


def run(arguments: Namespace, context: Context) -> Any:
    """Run a script in this process as ``python SCRIPT`` would, and write its provenance file.

    The file is written as well when the script fails or is interrupted: what was loaded was loaded.
    The record of an earlier run is not given up for that of one that failed.
    """
    from ..provenance.evidence import provenance_file
    from ..provenance.recorder import recorder
    from ..provenance.recording import recorded

    if context.cells is not None:
        raise UsageError("In a notebook the recorder is on already; use: %run SCRIPT")
    script = Path(arguments.script)
    if not script.is_file():
        raise InvalidInput(f"There is no file {script}; check the name.")
    recorder.start()
    status = 1
    try:
        status = _run(script, arguments.arguments)
    finally:
        recorder.stop()
        recording = recorded(recorder, script.name)
        file = Path(arguments.output) if arguments.output else provenance_file(script)
        if status and _has_record(file):
            note = f"The script failed, so {file} stays as an earlier run wrote it."
        else:
            text = json.dumps(recording.to_json(), ensure_ascii=False, indent=2) + "\n"
            note = f"Recorded what was loaded: {_write(file, text)}"
    return Ran(status, (note,))


def _run(script: Path, arguments: Sequence[str]) -> int:
    before, path = sys.argv, list(sys.path)
    sys.argv = [str(script), *arguments]
    sys.path[0] = str(script.resolve().parent)
    try:
        runpy.run_path(str(script), run_name="__main__")
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        sys.stderr.write(f"{end.code}\n")
        return 1
    except Exception as error:
        # from the script's own frame on, as Python shows it
        shown = error.__traceback__
        while shown is not None and shown.tb_frame.f_code.co_filename != str(script):
            shown = shown.tb_next
        traceback.print_exception(type(error), error, shown or error.__traceback__)
        return 1
    finally:
        sys.argv, sys.path[:] = before, path
    return 0


def _has_record(file: Path) -> bool:
    from ..provenance.recording import Recording

    try:
        return bool(Recording.from_json(json.loads(read_regular(file))).loads)
    except (ValueError, RecursionError, HubdoiError):
        return False


def _write(file: Path, text: str) -> Path:
    from ..citation.atomic import write_atomically

    try:
        write_atomically(file, text.encode())
    except OSError as error:
        here = Path(file.name)
        if os.path.realpath(file.parent) == os.path.realpath(here.parent):
            reason = (error.strerror or "unknown").lower()
            raise InvalidInput(f"{file} cannot be written: {reason}; choose --output.") from None
        return _write(here, text)
    return file

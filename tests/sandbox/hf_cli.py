"""`hf` on the command line, in a process that takes one command after the other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from hubdoi.sandbox import Sandbox

# The program of `hf`, without a start of Python for each command.
_PROGRAM = """
import contextlib, io, json, sys
from huggingface_hub.cli.hf import app
for line in sys.stdin:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            app.main(json.loads(line), prog_name="hf", standalone_mode=False)
            failed = ""
        except SystemExit as error:
            failed = str(error.code) if error.code else ""
        except Exception as error:
            failed = f"{type(error).__name__}: {error}"
    print(json.dumps([said.getvalue(), failed]), flush=True)
"""


def environment(running: Sandbox, home: Path, user: str = "ada") -> dict[str, str]:
    """What a person sets to work with a sandbox, and a cache of their own."""
    return os.environ | {
        "HF_ENDPOINT": running.endpoint,
        "HF_HOME": str(home),
        "HF_TOKEN": running.users[user],
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "NO_COLOR": "1",
        # Tables are cut to the width of the terminal.
        "COLUMNS": "1000",
    }


class Hf:
    """``hf("auth whoami")``; the answer is what it printed."""

    def __init__(self, running: Sandbox, home: Path, user: str = "ada") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(running, home, user),
            cwd=home,
        )

    def __call__(self, command: str, *words: str | Path) -> str:
        said, failed = self.ask(command, *words)
        assert not failed, f"hf {command}: {failed}\n{said}"
        return said

    def ask(self, command: str, *words: str | Path) -> tuple[str, str]:
        """What a command printed, and why it failed."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps([*command.split(), *map(str, words)]) + "\n")
        self._process.stdin.flush()
        said, failed = json.loads(self._process.stdout.readline())
        return str(said), str(failed)

    def __enter__(self) -> Hf:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()

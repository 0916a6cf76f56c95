"""``hubdoi``: prints what the commands return."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

from .. import _displays
from ..records.errors import HubdoiError, InvalidInput
from .context import Context
from .run import JsonText, run


def main(words: Sequence[str] | None = None) -> int:
    """Run one command line; the exit status is 0, 1 for an error, 2 for a command that is not understood.

    ``hubdoi check`` has its own: 0 all is cited, 1 findings, 2 cannot tell.
    """
    words = sys.argv[1:] if words is None else list(words)
    if words == ["--version"]:
        from .._version import __version__

        print(f"hubdoi {__version__}")
        return 0
    context = Context(show=_show_beside, interactive=sys.stderr.isatty(), lasting=False)
    try:
        result = run(words, context, prog="hubdoi")
        _print(result)
        return int(getattr(result, "exit_status", 0))
    except HubdoiError as error:
        print(_for_terminal(error.message), file=sys.stderr)
        return 2 if isinstance(error, InvalidInput) else 1
    except BrokenPipeError:
        # The reader went away, as `head` does; nothing is lost.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
        return 1
    except KeyboardInterrupt:
        print("Interrupted. A mint that had begun is finished by: hubdoi recover", file=sys.stderr)
        return 130


def _print(result: Any) -> None:
    if result is None:
        return
    if isinstance(result, JsonText):
        print(result)
        return
    if shown := _text(result):
        print(_for_terminal(shown))
    for note in getattr(result, "notes", ()):
        print(_for_terminal(note), file=sys.stderr)


def _text(result: Any) -> str:
    """A citation and findings as they are, ready to be piped; everything else as its display has it."""
    if hasattr(result, "media_type") or hasattr(result, "exit_status") or isinstance(result, str):
        return str(result).rstrip("\n")
    return _displays.plain(result).rstrip("\n")


def _show_beside(value: object) -> None:
    """Terms and progress go beside the result, which may be piped."""
    print(_for_terminal(_text(value)), file=sys.stderr)


def _for_terminal(text: str) -> str:
    """`text` without the control characters with which a stranger's metadata could steer a terminal."""
    return "".join(
        c if c in "\n\t" or (ord(c) >= 32 and not 127 <= ord(c) < 160) else "\ufffd" for c in text
    ).replace("%doi ", "hubdoi ")

"""``hubdoi``: prints what the commands return."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, TextIO

from .. import _displays
from ..records.errors import HubdoiError, InvalidInput
from .context import Context
from .run import JsonText, run


def main(words: Sequence[str] | None = None) -> int:
    """Run one command line; the exit status is 0, 1 for an error, 2 for a command that is not understood.

    ``hubdoi check`` has its own: 0 all is cited, 1 findings, 2 cannot tell.
    """
    words = sys.argv[1:] if words is None else list(words)
    try:
        return _run(words)
    except HubdoiError as error:
        _tell(error.message)
        return 2 if isinstance(error, InvalidInput) else 1
    except _NotWritten as error:
        # The reader may have gone away, as `head` does: then nothing is wrong.
        if str(error):
            _tell(f"The output cannot be written ({error}).")
        # Python would try once more when it ends, and complain.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
        return 1
    except KeyboardInterrupt:
        _tell("Interrupted. A mint that had begun is finished by: hubdoi recover")
        return 130


class _NotWritten(Exception):
    """Standard output took nothing; the text is the reason, or empty where nobody reads any more."""


def _run(words: Sequence[str]) -> int:
    if words == ["--version"]:
        from .._version import __version__

        _write(f"hubdoi {__version__}")
        return 0
    interactive = sys.stderr is not None and sys.stderr.isatty()
    result = run(
        words, Context(show=_show_beside, interactive=interactive, lasting=False), prog="hubdoi"
    )
    _print(result)
    return int(getattr(result, "exit_status", 0))


def _write(text: str) -> None:
    """`text` on standard output, at once.

    Raises:
        _NotWritten: it is closed, full or gone.
    """
    reason = "standard output is closed"
    try:
        if sys.stdout is not None:
            _put(text, sys.stdout)
            return
    except BrokenPipeError:
        reason = ""
    except OSError as error:
        reason = error.strerror or type(error).__name__
    except ValueError:
        pass
    raise _NotWritten(reason)


def _tell(text: str) -> None:
    """`text` for the person; without a standard error there is nobody to tell."""
    with suppress(OSError, ValueError):
        if sys.stderr is not None:
            _put(_for_terminal(text), sys.stderr)


def _put(text: str, stream: TextIO) -> None:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()


def _print(result: Any) -> None:
    if result is None:
        return
    if isinstance(result, JsonText):
        _write(str(result))
        return
    if shown := _text(result):
        _write(_for_terminal(shown))
    if _is_piped(result):
        # a display has the notes with the rest
        for note in getattr(result, "notes", ()):
            _tell(note)


def _is_piped(result: Any) -> bool:
    """Whether a result is printed as it is, ready to be piped: citations, findings and texts."""
    return (
        hasattr(result, "media_type") or hasattr(result, "exit_status") or isinstance(result, str)
    )


def _text(result: Any) -> str:
    """A result that is piped as it is; everything else as its display has it."""
    if _is_piped(result):
        return str(result).rstrip("\n")
    return _displays.plain(result).rstrip("\n")


def _show_beside(value: object) -> None:
    """Terms and progress go beside the result, which may be piped."""
    _tell(_text(value))


def _for_terminal(text: str) -> str:
    """`text` without the control characters with which a stranger's metadata could steer a terminal."""
    return "".join(
        c if c in "\n\t" or (ord(c) >= 32 and not 127 <= ord(c) < 160) else "\ufffd" for c in text
    ).replace("%doi ", "hubdoi ")

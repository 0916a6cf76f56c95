"""The commands of ``%doi`` in a shell: parse, act, return."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from IPython.core.completer import SimpleCompletion, SimpleMatcherResult
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

from ..commands import Context, run
from ..commands import session as sessions
from ..commands.completion import complete
from ..commands.grammar import tokens_in
from ..commands.repositories import known_repositories
from ..records import Message
from ..records.errors import ConsentRequired, HubdoiError, InvalidMetadata, UsageError
from .server_sandbox import find, reset

if TYPE_CHECKING:
    from ..client import Client
    from .panel import Panel

MAX_BODY = 256 * 1024


class Commands:
    """What ``%doi`` does in one shell.

    `settings` are those of the IPython configuration, `cells` tells which cells were run so far,
    and `forget` takes a secret out of them.
    """

    def __init__(
        self,
        shell: InteractiveShell | None,
        settings: Mapping[str, str],
        cells: Callable[[], list[str]],
        forget: Callable[[str], str | None],
    ) -> None:
        self._shell = shell
        self._forget = forget
        self.session = sessions.current()
        self.session.find_sandbox = find
        self.session.reset_found_sandbox = reset
        self.session.traitlets = dict(settings)
        self._context = Context(
            session=self.session,
            show=display,
            cells=cells,
            namespace=lambda: shell.user_ns if shell else {},
            interactive=True,
            panel=_panel,
            edit=_edit,
        )
        if shell and not shell.custom_exceptions:
            # A handler of the user's own stays; then the sentence is an error output, as in a batch.
            shell.set_custom_exc((ConsentRequired,), _show_what_is_asked)  # type: ignore[no-untyped-call]

    def run(self, line: str, cell: str | None = None) -> Any:
        """Carry out `line`, with the body `cell`."""
        # Also of a line that cannot be carried out.
        said = dict.fromkeys(filter(None, map(self._forget, tokens_in(line))))
        for sentence in said:
            self._context.show(Message(sentence))
        try:
            words = _words(line)
            context = replace(self._context, notebook_path=os.environ.get("JPY_SESSION_NAME"))
            return run(words, context, body=_body(cell, words))
        except HubdoiError as error:
            raise _as_sentence(error) from None

    def complete(self, line: str) -> SimpleMatcherResult:
        """What can stand at the end of `line`."""
        beginning, found = complete(line, lambda: known_repositories(self.session))
        return {
            "completions": [SimpleCompletion(word.text, type=word.kind) for word in found],
            "matched_fragment": beginning,
            "suppress": True,
            "do_not_suppress": set(),
            "ordered": True,
        }

    def close(self) -> None:
        """Take back what was changed in the shell."""
        if self._shell and self._shell.custom_exceptions == (ConsentRequired,):
            self._shell.set_custom_exc((), None)  # type: ignore[no-untyped-call]


def _panel(repo: str | None, client: Client) -> Panel:
    # Loaded here: widgets are for those who open one.
    from .panel import panel

    return panel(repo, client)


def _edit(change: Mapping[str, Any], otherwise: Callable[[], Message]) -> Message:
    from .live_notebook import edit

    return edit(change, otherwise)


def _as_sentence(error: HubdoiError) -> HubdoiError:
    """`error`, of which a notebook shows the sentence and no traceback; the cell fails all the same."""
    error._render_traceback_ = lambda: [error.message]  # type: ignore[attr-defined]
    return error


def _show_what_is_asked(
    shell: InteractiveShell, kind: type[BaseException], error: ConsentRequired, trace: Any, **_: Any
) -> list[str]:
    """Reading the terms is no mistake of the person who reads them: no red output for them.

    The cell fails all the same, so that what runs many cells stops there. What runs a notebook
    with nobody watching takes no input; there it is an error output, which papermill and nbval
    look for.
    """
    kernel = getattr(shell, "kernel", None)
    if kernel is not None and not getattr(kernel, "_allow_stdin", False):
        shell._showtraceback(kind, error, [error.message])
    elif kernel is not None:
        display(Message(error.message))  # type: ignore[no-untyped-call]
    else:
        print(error.message)  # noqa: T201
    return [error.message]


def _words(line: str) -> list[str]:
    try:
        # The semicolon at the end is IPython's: it keeps the output away.
        return shlex.split(line.rstrip().removesuffix(";"))
    except ValueError:
        raise UsageError("A quotation mark is not closed; close it, or leave it out.") from None


def _body(cell: str | None, words: list[str]) -> Mapping[str, Any] | None:
    """The YAML under ``%%doi mint`` and ``%%doi regenerate``."""
    if cell is None:
        return None
    if not words or words[0] not in ("mint", "regenerate"):
        raise UsageError(
            "Only %%doi mint and %%doi regenerate take a body; write the others as a line: %doi …"
        )
    if len(cell) > MAX_BODY:
        raise InvalidMetadata(f"The body has {len(cell):,} characters; {MAX_BODY:,} are allowed.")
    from ..records.yaml_text import InvalidYaml, read_yaml

    try:
        body = read_yaml(cell, largest=MAX_BODY)
    except InvalidYaml as error:
        raise InvalidMetadata(error.message) from None
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise InvalidMetadata("The body is a YAML mapping with authors:, title:, description:.")
    return body

"""``%doi`` and ``%%doi``: parse, act, return."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from IPython.core.completer import (
    CompletionContext,
    SimpleCompletion,
    SimpleMatcherResult,
    context_matcher,
)
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, magics_class, output_can_be_silenced
from IPython.display import display
from traitlets import Bool, Unicode

from ..commands import Context, complete, run
from ..commands import session as sessions
from ..commands.repositories import known_repositories
from ..provenance.recorder import recorder
from ..records import Message
from ..records.errors import ConsentRequired, HubdoiError, InvalidMetadata, UsageError
from .server_sandbox import find, reset

if TYPE_CHECKING:
    from ..client import Client
    from .panel import Panel

MAX_BODY = 256 * 1024
_MAGIC = re.compile(r"\s*(?:\w+\s*=\s*)?(%%?)doi\s+")


@magics_class
class DoiMagics(Magics):
    """Give Hugging Face models and datasets a DOI, and cite them.

    The settings can stand in an IPython configuration, as ``c.DoiMagics.endpoint = …``.
    """

    endpoint = Unicode("", help="the Hub's address").tag(config=True)
    registrar = Unicode("", help="auto, hub, datacite or handoff").tag(config=True)
    datacite_api = Unicode("", help="the address of DataCite's API").tag(config=True)
    contact = Unicode("", help="an e-mail address for the User-Agent").tag(config=True)
    style = Unicode("", help="the CSL style of %doi cite").tag(config=True)
    record = Bool(True, help="whether to record which revisions are loaded").tag(config=True)

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self.session = sessions.current()
        self.session.find_sandbox = find
        self.session.reset_found_sandbox = reset
        # The cell that loads the extension began before anybody could remember it.
        self._ran: list[str] = [""]
        names = ("endpoint", "registrar", "datacite_api", "contact", "style")
        self.session.traitlets = {
            name: getattr(self, name) for name in names if getattr(self, name)
        }

    @output_can_be_silenced
    @line_cell_magic
    def doi(self, line: str, cell: str | None = None) -> Any:
        """``%doi`` alone tells what it can do here; ``%doi COMMAND --help`` tells the rest."""
        try:
            words = _words(line)
            return run(words, self._context(), body=_body(cell, words))
        except HubdoiError as error:
            raise _as_sentence(error) from None

    def _context(self) -> Context:
        namespace = self.shell.user_ns if self.shell else {}
        return Context(
            session=self.session,
            show=display,
            cells=self._cells,
            namespace=lambda: namespace,
            notebook_path=os.environ.get("JPY_SESSION_NAME"),
            interactive=True,
            panel=_panel,
            edit=_edit,
        )

    @context_matcher()  # type: ignore[untyped-decorator]
    def match(self, context: CompletionContext) -> SimpleMatcherResult:
        """What the Tab key offers after ``%doi``; nothing of Python's own."""
        line = context.text_until_cursor
        magic = _MAGIC.match(line)
        if magic is None or (context.cursor_line and magic[1] == "%%"):
            return {"completions": []}
        beginning, found = complete(line[magic.end() :], lambda: known_repositories(self.session))
        return {
            "completions": [SimpleCompletion(word.text, type=word.kind) for word in found],
            "matched_fragment": beginning,
            "suppress": True,
            "do_not_suppress": set(),
            "ordered": True,
        }

    def remember_cell(self, info: Any) -> None:
        """Keep the source of a cell that is about to run."""
        self._ran.append(info.raw_cell)
        # the number that `_cells` gives to it
        count = self.shell.execution_count if self.shell else 0
        recorder.cell = max(len(self._ran), count)

    def _cells(self) -> list[str]:
        """The cells that were run before this one.

        IPython's ``In`` also has those from before the extension was loaded; a runner such as
        nbval stores no history, and ``In`` stays empty.
        """
        stored = list(self.shell.user_ns.get("In", ()))[1:] if self.shell else []
        return (stored if len(stored) >= len(self._ran) else self._ran)[:-1]


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


def register(shell: InteractiveShell) -> None:
    """Register the magics and what the Tab key offers."""
    unregister(shell)
    magics = DoiMagics(shell)
    shell.register_magics(magics)
    shell.events.register("pre_run_cell", magics.remember_cell)
    shell.Completer.custom_matchers.append(magics.match)
    if not shell.custom_exceptions:
        # A handler of the user's own stays; then the sentence is an error output, as in a batch.
        shell.set_custom_exc((ConsentRequired,), _show_what_is_asked)  # type: ignore[no-untyped-call]
    if magics.record:
        recorder.start()


def unregister(shell: InteractiveShell) -> None:
    """Take the magics away again."""
    magics = shell.magics_manager.registry.pop("DoiMagics", None)
    if magics is not None:
        shell.events.unregister("pre_run_cell", magics.remember_cell)
        shell.Completer.custom_matchers.remove(magics.match)
        if shell.custom_exceptions == (ConsentRequired,):
            shell.set_custom_exc((), None)  # type: ignore[no-untyped-call]
        recorder.stop()
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("doi", None)


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

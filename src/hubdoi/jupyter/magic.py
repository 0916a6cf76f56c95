"""``%doi`` and ``%%doi``: parse, act, return."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, magics_class, output_can_be_silenced
from IPython.display import display
from traitlets import Unicode

from ..commands import Context, complete, run
from ..commands import session as sessions
from ..records.errors import HubdoiError, InvalidMetadata, UsageError
from .server_sandbox import find

if TYPE_CHECKING:
    from ..client import Client
    from .panel import Panel

MAX_BODY = 256 * 1024


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

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self.session = sessions.current()
        self.session.find_sandbox = find
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
        )

    def remember_cell(self, info: Any) -> None:
        """Keep the source of a cell that is about to run."""
        self._ran.append(info.raw_cell)

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
    for name in ("%doi", "%%doi"):
        shell.set_hook("complete_command", _completer, str_key=name)  # type: ignore[no-untyped-call]


def unregister(shell: InteractiveShell) -> None:
    """Take the magics away again."""
    magics = shell.magics_manager.registry.pop("DoiMagics", None)
    if magics is not None:
        shell.events.unregister("pre_run_cell", magics.remember_cell)
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("doi", None)


def _completer(shell: InteractiveShell, event: Any) -> list[str]:
    line = event.text_until_cursor
    return complete(line.partition("doi")[2].lstrip(" "))


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

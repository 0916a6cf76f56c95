"""``%doi`` and ``%%doi`` as IPython knows them.

``%load_ext`` imports this and the recorder alone; the commands are imported with the first of them.
"""

from __future__ import annotations

import re
from time import time_ns
from typing import TYPE_CHECKING, Any

from IPython.core.completer import CompletionContext, SimpleMatcherResult, context_matcher
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, magics_class, output_can_be_silenced
from traitlets import Bool, Float, Unicode

from ..provenance.recorder import recorder

if TYPE_CHECKING:
    from .commands import Commands

_MAGIC = re.compile(r"\s*(?:\w+\s*=\s*)?(%%?)doi\s+")
_SETTINGS = ("endpoint", "registrar", "datacite_api", "contact", "style", "timeout")


@magics_class
class DoiMagics(Magics):
    """Give Hugging Face models and datasets a DOI, and cite them.

    The settings can stand in an IPython configuration, as ``c.DoiMagics.endpoint = …``.
    """

    endpoint = Unicode("", help="the Hub's URL").tag(config=True)
    registrar = Unicode("", help="auto, hub, datacite or handoff").tag(config=True)
    datacite_api = Unicode("", help="the URL of DataCite's API").tag(config=True)
    contact = Unicode("", help="an e-mail address for the User-Agent").tag(config=True)
    style = Unicode("", help="the CSL style of %doi cite").tag(config=True)
    timeout = Float(0.0, help="seconds for all requests of one command").tag(config=True)
    record = Bool(True, help="whether to record which revisions are loaded").tag(config=True)

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        # The cell that loads the extension began before anybody could remember it.
        self._ran: list[str] = [""]
        self._began_download: int | None = None
        self._commands: Commands | None = None

    @property
    def commands(self) -> Commands:
        """What carries out the commands in this shell."""
        if self._commands is None:
            from .commands import Commands

            settings = {name: getattr(self, name) for name in _SETTINGS if getattr(self, name)}
            self._commands = Commands(self.shell, settings, self._cells, self._forget)
        return self._commands

    @output_can_be_silenced
    @line_cell_magic
    def doi(self, line: str, cell: str | None = None) -> Any:
        """``%doi`` alone tells what it can do here; ``%doi COMMAND --help`` tells the rest."""
        return self.commands.run(line, cell)

    @context_matcher()  # type: ignore[untyped-decorator]
    def match(self, context: CompletionContext) -> SimpleMatcherResult:
        """What the Tab key offers after ``%doi``; nothing of Python's own."""
        line = context.text_until_cursor
        magic = _MAGIC.match(line)
        if magic is None or (context.cursor_line and magic[1] == "%%"):
            return {"completions": []}
        return self.commands.complete(line[magic.end() :])

    def remember_cell(self, info: Any) -> None:
        """Keep the source of a cell that is about to run."""
        self._ran.append(info.raw_cell)
        # The number that `_cells` gives to it. `In` begins with an empty entry and has the cells
        # before this one; IPython 9 has counted `execution_count` up already, IPython 8 has not.
        stored = self.shell.user_ns.get("In", ()) if self.shell else ()
        recorder.cell = max(len(self._ran), len(stored))
        self._began_download = time_ns() if "download" in info.raw_cell else None

    def look_after_cell(self, _result: Any) -> None:
        """Note what a command of the cell that has just run put into the Hub cache."""
        began, self._began_download = self._began_download, None
        if began is not None and recorder.active:
            from ..provenance.child_writes import note_child_writes

            note_child_writes(recorder, began)

    def _cells(self) -> list[str]:
        """The cells that were run before this one.

        IPython's ``In`` also has those from before the extension was loaded; a runner such as
        nbval stores no history, and ``In`` stays empty.
        """
        stored = list(self.shell.user_ns.get("In", ()))[1:] if self.shell else []
        return (stored if len(stored) >= len(self._ran) else self._ran)[:-1]

    def _forget(self, secret: str) -> str | None:
        from .history import forget

        return forget(self.shell, self._ran, secret) if self.shell else None

    def close(self) -> None:
        """Take back what the commands changed in the shell."""
        if self._commands is not None:
            self._commands.close()


def register(shell: InteractiveShell) -> None:
    """Register the magics and what the Tab key offers."""
    unregister(shell)
    magics = DoiMagics(shell)
    shell.register_magics(magics)
    shell.events.register("pre_run_cell", magics.remember_cell)
    shell.events.register("post_run_cell", magics.look_after_cell)
    shell.Completer.custom_matchers.append(magics.match)
    if magics.record:
        recorder.start()


def unregister(shell: InteractiveShell) -> None:
    """Take the magics away again."""
    magics = shell.magics_manager.registry.pop("DoiMagics", None)
    if magics is not None:
        shell.events.unregister("pre_run_cell", magics.remember_cell)
        shell.events.unregister("post_run_cell", magics.look_after_cell)
        shell.Completer.custom_matchers.remove(magics.match)
        magics.close()
        recorder.stop()
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("doi", None)

"""What IPython keeps of the cells that were run, without a secret that somebody wrote into one."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import MutableSequence
from contextlib import closing
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

_SHORTEST = 8
"""Less is no token, and may be a part of many words."""
_KEPT = re.compile(r"_i{1,3}|_i\d+")


def forget(shell: InteractiveShell, ran: MutableSequence[str], secret: str) -> str | None:
    """Take `secret` out of the history of this session; one sentence about it, or None.

    That is ``In``, ``_i`` and their like, the history database, and `ran`, the sources of the cells
    that were run; the front end is asked to take it out of the cell that runs. None says that it
    stands not in this cell: it came from a variable.
    """
    history: Any = shell.history_manager
    # The cell that loaded the extension began before `ran`.
    cell = ran[-1] or history.input_hist_raw[-1]
    if len(secret) < _SHORTEST or secret not in cell:
        return None
    for kept in (ran, history.input_hist_raw, history.input_hist_parsed):
        kept[:] = [source.replace(secret, "") for source in kept]
    for name in ("_i00", "_i", "_ii", "_iii"):
        setattr(history, name, getattr(history, name).replace(secret, ""))
    for name, value in list(shell.user_ns.items()):
        if _KEPT.fullmatch(name) and isinstance(value, str):
            shell.user_ns[name] = value.replace(secret, "")
    if getattr(shell, "kernel", None) is not None:
        # In a terminal this would be the beginning of the next line.
        shell.set_next_input(cell.replace(secret, ""), replace=True)
    try:
        _forget_in_database(history, secret)
    except sqlite3.Error as error:
        return f"A token stands in a cell, and in IPython's history ({history.hist_file}), from which it could not be removed: {error}. Revoke it, and write --token without a value next time: you are asked for it."
    return "A token stands in a cell, which is saved with the notebook. It was removed from IPython's history, and from the cell where the front end allows that. Write --token without a value: you are asked for it."


def _forget_in_database(history: Any, secret: str) -> None:
    if not history.enabled or history.hist_file == ":memory:":
        return
    # What waits to be written has its old text.
    history.writeout_cache()
    with closing(sqlite3.connect(history.hist_file, timeout=5)) as database, database:
        # The pages that become free are overwritten.
        database.execute("PRAGMA secure_delete = ON")
        database.execute(
            "UPDATE history SET source = replace(source, :secret, ''), "
            "source_raw = replace(source_raw, :secret, '') "
            "WHERE session = :session AND (instr(source, :secret) OR instr(source_raw, :secret))",
            {"secret": secret, "session": history.session_number},
        )

"""Where a sandbox runs, for another process of the same user."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hubdoi.records.errors import SandboxError
from hubdoi.sandbox import Sandbox, running


def test_a_port_that_another_user_took_is_not_the_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sandbox(tmp_path / "data") as sandbox:
        data = sandbox.world.data
        found = running.connection(data)
        assert found["endpoint"] == sandbox.endpoint
        # As Linux tells it: the sandbox is gone, and the port is somebody else's.
        mine, other = os.geteuid(), os.geteuid() + 1
        port = f"{int(sandbox.endpoint.rpartition(':')[2]):04X}"
        table = tmp_path / "tcp"
        monkeypatch.setattr(running, "_LISTENING", (table, tmp_path / "none"))
        for users, is_found in (((other,), False), ((other, mine), True), ((), True)):
            rows = [f"0: 0100007F:{port} 00000000:0000 0A 0:0 0:0 0 {user} 0 1" for user in users]
            rows.append(f"9: 0100007F:0001 0100007F:{port} 01 0:0 0:0 0 {other} 0 1")
            table.write_text("\n".join(["head", *rows]) + "\n")
            if is_found:
                assert running.connection(data) == found
            else:
                with pytest.raises(SandboxError, match="No sandbox is running"):
                    running.connection(data)

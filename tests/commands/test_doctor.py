from __future__ import annotations

from hubdoi.commands import Context, run
from hubdoi.records.findings import Findings


def test_the_command_checks_the_sandbox_too(context: Context) -> None:
    found = run(["doctor", "ada/tiny-bert"], context)
    assert isinstance(found, Findings) and found.exit_status == 0
    assert "registrar" in {one.kind for one in found.findings}
    text = run(["doctor", "--json"], context)
    assert '"findings"' in text

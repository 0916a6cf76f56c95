"""How the findings of a check are shown."""

from __future__ import annotations

from ...records.findings import Finding, Findings
from .card import Badge, Card, Table, Tone, text
from .describe import cards

_TONES: dict[str, Tone] = {"ok": "good", "note": "warn", "problem": "bad", "repaired": "warn"}


@cards.register
def _(findings: Findings) -> tuple[Card, ...]:
    rows = tuple(
        (text(_badge(one)), text(one.subject), text(one.sentence)) for one in findings.findings
    )
    blocks = (Table(("", "What", "Finding"), rows),) if rows else ()
    badge = Badge("Problems", "bad") if findings.exit_status else Badge("OK", "good")
    return (Card(text(findings.summary), badge, blocks),)


def _badge(finding: Finding) -> Badge:
    return Badge(finding.word, _TONES[finding.word])

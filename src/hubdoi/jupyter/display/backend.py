"""How the chosen backend and a bare sentence are shown."""

from __future__ import annotations

from ...records import Backend, Message
from .card import Block, Card, Facts, Link, Paragraph, Preformatted, Text, text
from .describe import cards


@cards.register
def _(backend: Backend) -> tuple[Card, ...]:
    facts: list[tuple[str, Text]] = [
        ("Endpoint", text(Link(backend.endpoint, backend.endpoint))),
        ("Registrar", text(backend.registrar)),
    ]
    if backend.person:
        who = backend.person.full_name or backend.person.username
        facts.append(("Signed in", text(f"{who} ({backend.person.username})")))
    else:
        facts.append(("Signed in", text("nobody; you can look and cite")))
    blocks: list[Block] = [Facts(tuple(facts))]
    if backend.note:
        blocks.append(Paragraph(text(backend.note), "warn"))
    if backend.help:
        blocks.append(Preformatted(backend.help, "text", "the short help", copied=False))
    return (Card(text("hubdoi"), blocks=tuple(blocks)),)


@cards.register
def _(message: Message) -> tuple[Card, ...]:
    blocks = (Preformatted(message.details),) if message.details else ()
    return (Card(text(message.text), blocks=blocks),)

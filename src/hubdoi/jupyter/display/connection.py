"""How a connection and a bare sentence are shown."""

from __future__ import annotations

from ...records import Connection, Message
from .card import Block, Card, Facts, Link, Paragraph, Preformatted, Text, text
from .describe import cards


@cards.register
def _(connection: Connection) -> tuple[Card, ...]:
    facts: list[tuple[str, Text]] = [
        ("Endpoint", text(Link(connection.endpoint, connection.endpoint))),
        ("Registrar", text(connection.registrar)),
    ]
    if connection.person:
        who = connection.person.full_name or connection.person.username
        facts.append(("Signed in", text(f"{who} ({connection.person.username})")))
    else:
        facts.append(("Signed in", text("nobody; you can look and cite")))
    blocks: list[Block] = [Facts(tuple(facts))]
    if connection.note:
        blocks.append(Paragraph(text(connection.note), "warn"))
    if connection.help:
        blocks.append(Preformatted(connection.help, "text", "the short help", copied=False))
    return (Card(text("hubdoi"), blocks=tuple(blocks)),)


@cards.register
def _(message: Message) -> tuple[Card, ...]:
    blocks: tuple[Block, ...] = (Preformatted(message.details),) if message.details else ()
    blocks += tuple(Paragraph(text(note), "quiet") for note in message.notes)
    return (Card(text(message.text), blocks=blocks),)

"""How a registered DOI, all of a repository's DOIs, the terms and a consent are shown."""

from __future__ import annotations

from ...records import Consent, History, Offer, Terms, Version
from .card import Badge, Block, Card, Code, Facts, Link, Paragraph, Quote, Table, Text, text
from .describe import cards
from .words import LOCK, PROMISE, authors, credits, doi, moment, repo_link, revision


@cards.register
def _(version: Version) -> tuple[Card, ...]:
    facts: list[tuple[str, Text]] = []

    def add(name: str, *value: str | Text | Link | None) -> None:
        found = text(*value)
        if found:
            facts.append((name, found))

    if version.doi:
        add("DOI", doi(version.doi, version.endpoint))
    add("Authors", authors(version) if version.authors else None)
    add("Revision", _revision(version))
    add("Publisher", version.publisher)
    add("Year", str(version.year) if version.year else None)
    add("Registered", moment(version.created) if version.created and version.doi else None)
    add("Corrected", moment(version.amended) if version.amended else None)
    add("Licence", version.license)
    for name, shown in credits(version):
        add(name, shown)
    add("URL", Link(version.url, version.url) if version.url else None)
    for name, neighbour in (("Replaces", version.previous), ("Replaced by", version.next)):
        add(name, doi(neighbour, version.endpoint) if neighbour else None)
    add("Consent", consent_sentence(version.consent) if version.consent else None)
    blocks: list[Block] = []
    if version.doi is None:
        blocks.append(Paragraph(text("This has no DOI; it is cited by its URL."), "warn"))
    elif version.state == "outdated":
        blocks.append(Paragraph(text("A newer version replaces this one. Its DOI still resolves.")))
    blocks.append(Facts(tuple(facts)))
    if version.doi and version.repo:
        blocks.append(Paragraph(text(LOCK if version.doi.is_from_hub else PROMISE), "quiet"))
    title = version.title or (str(version.repo) if version.repo else str(version.doi or "Version"))
    return (Card(text(title), version_badge(version), tuple(blocks)),)


@cards.register
def _(history: History) -> tuple[Card, ...]:
    title = text(f"DOIs of {history.repo}")
    if not history.versions:
        return (Card(title, blocks=(Paragraph(text("This repository has no DOI yet.")),)),)
    blocks: list[Block] = [history_table(history)]
    if any(version.doi and version.doi.is_test for version in history.versions):
        blocks.append(
            Paragraph(
                text("DOIs that begin with 10.5072 are sandbox DOIs, for testing only."), "quiet"
            )
        )
    return (Card(title, blocks=tuple(blocks)),)


@cards.register
def _(offer: Offer) -> tuple[Card, ...]:
    version = offer.version
    at = text(_revision(version), f", of {moment(offer.committed)}" if offer.committed else None)
    rows: list[tuple[str, Text]] = [
        ("Repository", text(repo_link(offer.repo, version.endpoint or ""))),
        ("Revision", at),
        ("Title", text(version.title)),
        ("Authors", authors(version)),
    ]
    if offer.reserved:
        rows.insert(0, ("DOI", text(Code(offer.reserved.name), " (reserved)")))
    if version.description:
        rows.append(("Description", text(version.description)))
    if version.license:
        rows.append(("Licence", text(version.license)))
    rows += [(name, text(shown)) for name, shown in credits(version)]
    return (
        Card(
            text(f"New DOI for {offer.repo}"),
            Badge("Read before you agree", "warn"),
            (
                Paragraph(text("What will be registered:")),
                Facts(tuple(rows)),
                Paragraph(text("What you agree to when you generate the DOI:")),
                Quote(offer.terms.text),
            ),
        ),
    )


@cards.register
def _(terms: Terms) -> tuple[Card, ...]:
    return (
        Card(
            text("Terms"),
            Badge("Read before you agree", "warn"),
            (
                Paragraph(text("What you agree to when you generate a DOI:")),
                Quote(terms.text),
            ),
        ),
    )


@cards.register
def _(consent: Consent) -> tuple[Card, ...]:
    return (Card(text("Consent"), blocks=(Paragraph(text(consent_sentence(consent))),)),)


def consent_sentence(consent: Consent) -> str:
    """Who agreed, when, and to which text."""
    return f"{consent.by} accepted the terms on {moment(consent.at)} (digest {consent.terms[:12]}…)"


def history_notes(version: Version) -> tuple[str, ...]:
    """Who agreed to the DOI, and when its record was corrected, for those who may see it."""
    found = [consent_sentence(version.consent)] if version.consent else []
    if version.amended:
        how = f" (%doi amend {version.doi} --history shows how)" if version.consent else ""
        found.append(f"record corrected on {moment(version.amended)}{how}")
    return tuple(f"{version.doi}: {sentence}" for sentence in found)


def history_table(history: History) -> Table:
    """All versions, newest first, with *Latest* beside the one that no newer one has replaced."""
    rows = tuple(
        (
            doi(version.doi, version.endpoint)[:1] if version.doi else text("–"),
            text(version_badge(version) or "–"),
            text(_revision(version) or "–"),
            text(moment(version.created) if version.created else "–"),
            text(version.title or "–"),
        )
        for version in history.versions
    )
    return Table(("DOI", "State", "Revision", "Registered", "Title"), rows)


def _revision(version: Version) -> Text:
    if not version.revision:
        return ()
    return revision(version.revision, version.repo, version.endpoint)


def version_badge(version: Version) -> Badge | None:
    if version.state == "current":
        return Badge("Latest", "good")
    if version.state == "outdated":
        return Badge("Outdated", "warn")
    return None

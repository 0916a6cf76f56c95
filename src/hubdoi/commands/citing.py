"""``cite``, ``badge``, ``card``."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from ..records import Message, Version
from ..records.errors import UsageError
from .context import Context


def cite(arguments: Namespace, context: Context) -> Any:
    """The citation of what is named, or of everything that this notebook uses."""
    client = context.session.client
    style = arguments.style or (client.config.style if arguments.format is None else None)
    if arguments.style and arguments.format == "bibtex":
        # The library cannot know that its default was asked for; here it was.
        raise UsageError(
            "A style cannot be combined with the format bibtex; leave out the format, or choose text or markdown."
        )
    # A style is styled text; without one, BibTeX is what most people paste.
    format = arguments.format or ("text" if style else "bibtex")
    from .notebooks import notebooks_among

    notebooks = notebooks_among(arguments.references)
    if notebooks and arguments.revision:
        raise UsageError("--revision is of a repository; a notebook has the revisions it loads.")
    if arguments.references and not notebooks:
        citation = client.cite(
            *arguments.references,
            format=format,
            style=style,
            locale=arguments.locale,
            revision=arguments.revision,
            ascii=arguments.ascii,
            classic=arguments.classic,
        )
    else:
        from .notebooks import cite_notebook

        citation = cite_notebook(
            arguments, context, notebooks=notebooks, format=format, style=style
        )
    if arguments.in_text:
        return Message(citation.in_text, citation)
    if arguments.output:
        path = citation.save(Path(arguments.output))
        return Message(f"Written: {path}", citation)
    if arguments.insert is not None:
        from .notebooks import insert

        # On a command line there is no other notebook that could be meant.
        only = notebooks[0] if len(notebooks) == 1 and context.notebook_path is None else ""
        return insert(arguments.insert or only, citation, context)
    return citation


def badge(arguments: Namespace, context: Context) -> Any:
    """A badge for the newest DOI of a repository."""
    from ..citation.badge import badge as draw

    return draw(_newest(arguments.repo, context))


def card(arguments: Namespace, context: Context) -> Any:
    """Show what the citation would change in the repository card; with ``--yes``, open a pull request."""
    from ..bibliography.card import propose

    proposal = propose(context.session.client, arguments.repo)
    return proposal.open() if arguments.yes else proposal


def _newest(repo: str, context: Context) -> Version:
    status = context.session.client.status(repo)
    if status.version is None:
        raise UsageError(
            f"{status.repo} has no DOI yet; generate one with: %doi mint {status.repo}"
        )
    return status.version

"""``export``: what notebooks load, in the formats of other tools."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..provenance.use import Use, Uses
from ..records import Message, RepoReference, parse_reference
from ..records.errors import UsageError
from .context import Context
from .notebooks import used_by
from .run import JsonText


def export(arguments: Namespace, context: Context) -> Any:
    """Print the document, or write it and what belongs beside it with ``--output``."""
    from ..bibliography.exports import export as write

    client = context.session.client
    notebooks = [Path(source) for source in arguments.sources if _is_file(source)]
    repos = [source for source in arguments.sources if not _is_file(source)]
    if notebooks or not repos:
        missing = "a notebook, such as: %doi export analysis.ipynb --format ro-crate"
        found = used_by([str(path) for path in notebooks], context, missing)
        if not notebooks and context.notebook_path and Path(context.notebook_path).is_file():
            notebooks = [Path(context.notebook_path)]
    else:
        found = Uses()
    named = tuple(_named(text, context) for text in repos)
    found = replace(found, items=(*found.items, *named))
    made = write(
        found, arguments.format, client=client, notebooks=notebooks, license=arguments.license
    )
    if arguments.output:
        written = ", ".join(map(str, made.save(Path(arguments.output))))
        return Message(f"Written: {written}", made, "\n".join(made.notes) or None)
    text = str(made)
    if made.notes:
        context.show(Message("\n".join(made.notes)))
    return JsonText(text)


def _is_file(source: str) -> bool:
    path = Path(source)
    return path.suffix != "" and path.is_file()


def _named(text: str, context: Context) -> Use:
    """A repository that a person names: at the revision in the reference, else of its latest DOI,
    else at the latest commit."""
    client = context.session.client
    reference = parse_reference(text, endpoint=client.endpoint)
    if not isinstance(reference, RepoReference):
        raise UsageError(f"{text[:80]} is neither a notebook nor a repository; check the name.")
    repo, revision = reference.repo, reference.revision
    if revision is None:
        status = client.status(repo)
        repo, revision = status.repo, status.revision or status.head
    return Use(repo.type, repo.id, revision)

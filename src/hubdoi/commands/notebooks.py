"""``uses``, ``bib``, ``check``, and the citation of a whole notebook."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..records import Message
from ..records.errors import UsageError
from .context import Context

if TYPE_CHECKING:
    from ..bibliography import CheckReport, Uses
    from ..bibliography.bibfile import BibFile
    from ..citation import Citation
    from ..records import Version


def uses(arguments: Namespace, context: Context) -> Any:
    """What notebooks load; with ``--table`` the reviewer's table of it."""
    found = used_by(arguments.notebooks, context, "a notebook, such as: %doi uses analysis.ipynb")
    if arguments.save:
        return _saved(arguments.notebooks, found, context)
    if not arguments.table:
        return found
    from ..bibliography import review

    return review(found, client=context.session.client)


def _saved(notebooks: Sequence[str], found: Uses, context: Context) -> Message:
    """Keep what was recorded in the metadata of this notebook's file."""
    from ..bibliography.cell import write_metadata
    from ..provenance.recorder import recorder
    from ..provenance.recording import recorded

    if context.cells is None:
        raise UsageError(
            "--save keeps what a running notebook loaded; for a script, use: hubdoi run SCRIPT"
        )
    path = _file(notebooks[0] if notebooks else "", context, "uses", "--save")
    recording = recorded(recorder, path.name).with_known_ids(found.repos)
    count = sum(load.is_proof for load in recording.loads)
    loaded = "1 repository" if count == 1 else f"{count} repositories"

    def write() -> Message:
        write_metadata(path, "provenance", recording.to_json())
        return Message(
            f"Saved in the metadata of {path}: what this run loaded, {loaded}.{_reload(context)}",
            recording,
        )

    return _edit({"metadata": {"provenance": recording.to_json()}}, path, write, context)


def _file(name: str, context: Context, command: str, option: str) -> Path:
    """The notebook file of that name; of this notebook where none is given."""
    path = name or context.notebook_path
    if path is None or not Path(path).is_file():
        raise UsageError(
            f"The file of this notebook is not known; name it: %doi {command} {option} analysis.ipynb"
            if not name
            else f"There is no file {name}."
        )
    return Path(path)


def _edit(
    change: Mapping[str, Any], path: Path, write: Callable[[], Message], context: Context
) -> Message:
    """Make a change where the notebook is open; `write` makes it in the file.

    Written under an open notebook, a file loses to the page, or the page to the file.
    """
    own = Path(context.notebook_path) if context.notebook_path else None
    if context.edit is None or own is None or own.resolve() != path.resolve():
        return write()
    return context.edit(change, write)


def _reload(context: Context) -> str:
    return (
        " If the notebook is open, reload it from disk before you save it."
        if context.interactive
        else ""
    )


def bib(arguments: Namespace, context: Context) -> Message:
    """Write or update a .bib file; without repositories, with everything that the notebook uses."""
    client = context.session.client
    notebooks = notebooks_among(arguments.references)
    if arguments.references and not notebooks:
        cited = client.cite(*arguments.references)
    else:
        missing = "a repository, such as: %doi bib refs.bib ada/tiny-bert"
        cited = _citation(used_by(notebooks, context, missing), context)
        if not cited.versions:
            nothing = f"No models or datasets are used; {arguments.file} was left as it is."
            return Message(nothing)
    return replace(_updated(arguments, cited.versions), notes=cited.notes)


def _updated(arguments: Namespace, versions: Sequence[Version]) -> Message:
    """Write the entries of `versions` into the .bib file, or show what would change."""
    from ..bibliography.bibfile import BibFile

    file = BibFile.read(Path(arguments.file)).updated(
        versions,
        arguments.format,
        adopt=arguments.adopt,
        ascii=arguments.ascii,
        classic=arguments.classic,
    )
    if arguments.dry_run:
        if not file.differs:
            return Message(f"{arguments.file} is up to date.{_left_alone(file)}", file)
        return Message(f"{_left_alone(file)} What would change:".lstrip(), file, file.diff())
    if not file.differs:
        return Message(f"{arguments.file} is up to date.{_left_alone(file)}", file)
    difference = file.diff() if arguments.adopt else ""
    written = file.write()
    counts = [(len(written.added), "added"), (len(written.changed), "updated")]
    done = ", ".join(f"{count} {verb}" for count, verb in counts if count) or "nothing new"
    return Message(
        f"Written: {arguments.file} ({done}).{_left_alone(written)}", written, difference
    )


def _left_alone(file: BibFile) -> str:
    """The entries of somebody else that have the same DOI: they are the ones to cite."""
    if not file.foreign:
        return ""
    keys = ", ".join(file.foreign[:10]) + (" …" if len(file.foreign) > 10 else "")
    one = len(file.foreign) == 1
    return (
        f" Left alone: {keys}, which hubdoi did not write; cite {'it by this key' if one else 'them by these keys'}, "
        f"or take {'it' if one else 'them'} over with --adopt."
    )


def check(arguments: Namespace, context: Context) -> Any:
    """The findings, one line each; its exit status is 0, 1 or 2."""
    from ..bibliography.pins import pins_for
    from ..bibliography.settings import read_baseline, settings_of, write_baseline

    first = arguments.notebooks[0] if arguments.notebooks else context.notebook_path
    settings = settings_of(Path(first).parent if first else Path())
    file = Path(arguments.baseline) if arguments.baseline else settings.baseline
    if arguments.write_baseline and file is None:
        raise UsageError("--write-baseline needs the file: --baseline FILE")
    switches: dict[str, Any] = {
        "client": context.session.client,
        "strict": arguments.strict or settings.strict,
        "commit_only": arguments.commit_only or settings.commit_only,
        "ignore": (*settings.ignore, *(arguments.ignore or ())),
        "baseline": read_baseline(file) if file and not arguments.write_baseline else (),
        "bib": arguments.bib or (),
        "format": arguments.format,
    }
    report = _report(arguments.notebooks, context, switches)
    if arguments.write_baseline and file is not None:
        count = write_baseline(file, report.findings)
        return Message(f"Written: {file}, {'1 finding' if count == 1 else f'{count} findings'}.")
    if not (arguments.fix or arguments.dry_run):
        return report
    if not arguments.notebooks:
        raise UsageError("--fix changes a saved file; name it: %doi check analysis.ipynb --fix")
    pins = pins_for(report.findings)
    left = "".join(f"\n{one.place}: {one.text}" for one in pins.left)
    by_hand = f"\nTo fix by hand:{left}" if left else ""
    files = "1 file" if len(pins.changes) == 1 else f"{len(pins.changes)} files"
    if arguments.dry_run:
        nothing = "No file would change." if left else "Nothing to fix."
        said = f"What would change, {files}:" if pins.changes else nothing
        return Message(said, pins, pins.diff() + by_hand)
    if not pins.changes:
        return Message("No file was changed." if left else "Nothing to fix.", pins, by_hand)
    return Message(f"Fixed: {files}.", pins.write(), pins.diff() + by_hand)


def _report(notebooks: Sequence[str], context: Context, switches: dict[str, Any]) -> CheckReport:
    """The report of the files, or of the running notebook: its live cells."""
    from ..bibliography.check import as_saved, check_session
    from ..bibliography.check import check as find

    if notebooks:
        many = context.interactive and len(notebooks) > 5
        report = find(notebooks, **switches, progress=many)
        if context.cells is None:
            return report
        # in a notebook a person may have changed the file that is open, and not saved it
        notes = tuple(as_saved(Path(one)) for one in notebooks if Path(one).is_file())
        return replace(report, notes=notes)
    if context.cells is None:
        raise UsageError("Name a notebook, such as: hubdoi check analysis.ipynb")
    path = Path(context.notebook_path) if context.notebook_path else None
    found = used_by([], context, "a notebook, such as: %doi check analysis.ipynb")
    return check_session(found, context.cells(), path, **switches)


def notebooks_among(references: Sequence[str]) -> list[str]:
    """Those that name a file with code cells; where there is one, all have to.

    Raises:
        UsageError: repositories are named beside it.
    """
    from ..provenance.scanner.document import SUFFIXES

    files = [
        one for one in references if Path(one).suffix.lower() in SUFFIXES and Path(one).is_file()
    ]
    if files and len(files) < len(references):
        other = next(one for one in references if one not in files)
        raise UsageError(
            f"{files[0]} is a file and {other} is not; name either files or repositories."
        )
    return files


def cite_notebook(
    arguments: Namespace,
    context: Context,
    *,
    notebooks: Sequence[str] = (),
    format: str,
    style: str | None,
) -> Citation:
    """The citation of everything that this notebook uses, or those that are named."""
    notebooks = [arguments.insert] if arguments.insert else notebooks
    found = used_by(notebooks, context, "a repository, such as: %doi cite ada/tiny-bert")
    return _citation(
        found,
        context,
        format=format,
        style=style,
        locale=arguments.locale,
        ascii=arguments.ascii,
        classic=arguments.classic,
    )


def insert(notebook: str, citation: Citation, context: Context) -> Message:
    """Write or refresh the bibliography cell of a notebook; without a name, of this one."""
    from ..bibliography.cell import bibliography_text, write_bibliography
    from ..citation.csl import items

    path = _file(notebook, context, "cite", "--insert")

    def write() -> Message:
        changed = write_bibliography(path, citation)
        return Message(
            f"The bibliography cell of {path} is written.{_reload(context)}"
            if changed
            else f"The bibliography cell of {path} is up to date.",
            citation,
            notes=citation.notes,
        )

    change = {
        "bibliography": bibliography_text(citation),
        "metadata": {"citations": items(citation.versions)},
    }
    return _edit(change, path, write, context)


def used_by(notebooks: Sequence[str], context: Context, missing: str) -> Uses:
    """What the notebooks use, or this one; `missing` is what to name where there is none."""
    from ..provenance.scanner.scanning import uses as scan

    if len(notebooks) == 1:
        # One that cannot be read uses nobody knows what: that is an error, not an empty answer.
        return scan(notebooks[0])
    if notebooks:
        return scan(list(notebooks), progress=context.interactive and len(notebooks) > 5)
    if context.cells is None or context.namespace is None:
        raise UsageError(f"Name {missing}")
    from ..provenance.evidence import with_recording
    from ..provenance.live import uses_of_session
    from ..provenance.recorder import recorder
    from ..provenance.recording import recorded

    found = uses_of_session(context.cells(), context.namespace())
    return with_recording(found, recorded(recorder))


def _citation(found: Uses, context: Context, **how: Any) -> Citation:
    """One list of all that is used, each at the revision that the code or this machine says."""
    from ..bibliography import cite_uses

    return cite_uses(found, client=context.session.client, **how)

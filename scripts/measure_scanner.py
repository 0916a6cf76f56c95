"""How much of what labelled public files load the scanner finds, and how much of that is right.

Run it over a folder with clones, bare or not, of the repositories that the labels name:

    .venv/bin/python scripts/measure_scanner.py FOLDER [LABELS ...]

A repository is looked for at FOLDER/OWNER/NAME; a file is read at the labelled commit, and one
that is not there is named and left out. Nothing of the files is run.

A file of labels has a line ``OWNER/NAME COMMIT`` for a repository, below it, indented by two, the
path of each file that was read, and below that, indented by four, what the file loads:
``model ID [REVISION]`` or ``dataset ID [REVISION]``.
"""

from __future__ import annotations

import subprocess  # nosec B404  # each call says what it runs
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from hubdoi.provenance.scanner.scanning import uses_of_file
from hubdoi.records.errors import InvalidInput

LABELS = Path(__file__).parent.parent / "tests" / "provenance" / "scanner" / "labels"

Label = tuple[str, str, str | None]


class LabelledFile(NamedTuple):
    repository: str
    commit: str
    path: str
    uses: set[Label]


def labelled_files(text: str) -> list[LabelledFile]:
    """The files of a text of labels."""
    found: list[LabelledFile] = []
    repository = commit = ""
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("    "):
            kind, repo_id, *revision = line.split()
            found[-1].uses.add((kind, repo_id, revision[0] if revision else None))
        elif line.startswith("  "):
            found.append(LabelledFile(repository, commit, line[2:], set()))
        else:
            repository, commit = line.split()
    return found


def content(clones: Path, file: LabelledFile) -> bytes | None:
    """A file's bytes at its commit; None where the clone does not have them."""
    shown = subprocess.run(  # nosec B603 B607  # the developer's git, on their own clones
        ["git", "-C", clones / file.repository, "show", f"{file.commit}:{file.path}"],
        capture_output=True,
        check=False,
    )
    return shown.stdout if shown.returncode == 0 else None


def packages(clones: Path, file: LabelledFile) -> list[str]:
    """The ``__init__.py`` of each package that a file stands in."""
    names = [str(parent / "__init__.py") for parent in PurePosixPath(file.path).parents]
    clone = str(clones / file.repository)
    listed: str = subprocess.run(  # nosec B603 B607  # the developer's git, on their own clones
        ["git", "-C", clone, "ls-tree", "--name-only", file.commit, "--", *names],
        capture_output=True,
        check=False,
        text=True,
    ).stdout
    return listed.splitlines()


def found_in(data: bytes, path: str, beside: list[str]) -> set[Label]:
    """What the scanner finds in the bytes of a file; `beside` are empty files that tell packages."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        for name in beside:
            (Path(folder) / name).touch()
        copy.write_bytes(data)
        return {(use.repo_type, use.repo_id, use.revision) for use in uses_of_file(copy)}


def measured(clones: Path, labels: Path) -> Iterator[str]:
    """A line for each mistake, and the figures of a file of labels."""
    right = wrong = missed = 0
    repositories: set[str] = set()
    files = 0
    for file in labelled_files(labels.read_text(encoding="utf-8")):
        name = f"{file.repository}/{file.path}"
        data = content(clones, file)
        if data is None:
            yield f"not there: {name} at {file.commit}"
            continue
        try:
            found = found_in(data, file.path, packages(clones, file))
        except InvalidInput as error:
            yield f"not read: {name}: {error.message}"
            found = set()
        files += 1
        repositories.add(file.repository)
        right += len(found & file.uses)
        wrong += len(found - file.uses)
        missed += len(file.uses - found)
        for mistake, labels_of in (("wrong", found - file.uses), ("missed", file.uses - found)):
            for kind, repo_id, revision in sorted(labels_of, key=str):
                yield f"{mistake}: {kind} {repo_id} {revision or ''} in {name}"
    precision = right / (right + wrong) if right + wrong else 1.0
    recall = right / (right + missed) if right + missed else 1.0
    yield (
        f"{labels.name}: precision {precision:.3f}, recall {recall:.3f} "
        f"(uses: {right + missed}, files: {files}, repositories: {len(repositories)})"
    )


def main(arguments: list[str]) -> int:
    if not arguments:
        sys.stderr.write("usage: measure_scanner.py FOLDER [LABELS ...]\n")
        return 2
    clones = Path(arguments[0])
    for labels in [Path(a) for a in arguments[1:]] or sorted(LABELS.glob("public*.txt")):
        for line in measured(clones, labels):
            print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

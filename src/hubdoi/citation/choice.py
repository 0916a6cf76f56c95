"""Which version of a repository to cite, and what the reader has to know about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..records import Version, check_revision
from ..records.errors import DoiNotFound


def choose(
    versions: Iterable[Version],
    revision: str | None = None,
    order: Sequence[str] | None = None,
) -> tuple[Version, tuple[str, ...]]:
    """The version of `revision`, else the nearest; without a revision the current one.

    `versions` are newest first. `order` is the repository's history, commit ids newest first: with
    it the nearest version is the one with the fewest commits between, the older of two that are
    equally near. The sentences say what the citation itself does not: that the version is
    outdated, that it is of another revision.

    Raises:
        DoiNotFound: the repository has no version.
        InvalidRevision: `revision` is not a commit id or the beginning of one.
    """
    known = list(versions)
    if not known:
        raise DoiNotFound("This repository has no DOI; cite it by its URL and revision.")
    if revision is None:
        current = _current(known)
        return current, _outdated(current, known)
    asked = check_revision(revision)
    for version in known:
        if version.is_of_revision(asked):
            return version, _outdated(version, known)
    nearest, distance = _nearest(known, asked, order)
    note = (
        f"No DOI names revision {asked[:7]}. {_nearness(distance)} is {nearest.doi}, "
        f"of revision {nearest.short_revision or 'unknown'}: it is not the same."
    )
    return nearest, (note, *_outdated(nearest, known))


def _current(versions: Sequence[Version]) -> Version:
    return next(
        (version for version in versions if version.state == "current"),
        next((version for version in versions if version.state != "outdated"), versions[0]),
    )


def _outdated(version: Version, versions: Sequence[Version]) -> tuple[str, ...]:
    current = _current(versions)
    newer = current.doi if current.doi != version.doi else version.next
    if version.doi is None or newer is None:
        return ()
    if version.state != "outdated" and version.next is None and current.doi == version.doi:
        return ()
    return (f"The DOI {version.doi} is outdated; the current one is {newer}.",)


def _nearest(
    versions: Sequence[Version], asked: str, order: Sequence[str] | None
) -> tuple[Version, int | None]:
    """The nearest version, and how many commits lie between; None where the history is unknown."""
    places = {}
    for place, commit in enumerate(order or ()):
        if commit.startswith(asked) or asked.startswith(commit):
            places["asked"] = place
        for number, version in enumerate(versions):
            if version.is_of_revision(commit):
                places[str(number)] = place
    here = places.get("asked")
    measured = [
        (abs(there - here), there < here, number)
        for number in range(len(versions))
        if here is not None and (there := places.get(str(number))) is not None
    ]
    if not measured:
        return _current(versions), None
    fewest, _, number = min(measured)
    return versions[number], fewest


def _nearness(distance: int | None) -> str:
    if distance is None:
        return "The repository's current DOI"
    return f"The nearest DOI, {distance} commit{'' if distance == 1 else 's'} away,"

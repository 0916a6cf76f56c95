"""DataCite, with the institution's account and under its own terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from ..datacite.public_records import PublicRecords
from ..datacite.reader import version_from
from ..datacite.registrar import DataCiteRegistrar
from ..records import Terms, Version
from ..records.errors import InvalidInput
from ..records.hub import Hub
from .metrics import Metrics, TimedHttp
from .settings import Settings

TERMS = """\
Generating a DOI with the DataCite account of {institution}
{test}
1. The DOI is permanent. It cannot be undone: once generated, a DOI is never deleted and never given to anything else.
2. You promise to keep the page. The DOI leads to the page of this revision on {hub}, which will not enforce a lock: it goes on to let you delete, rename, transfer or hide the repository. You promise not to, except after a request to {institution}. If the repository is gone all the same, {institution} lets the DOI lead to a page that says what it was. Pushing commits stays possible; the DOI goes on naming the revision that it was generated for.
3. The metadata becomes public. Your full name and the list of authors are sent to DataCite, together with the title, the URL, the revision, the description and the licence of the repository, and everybody can read them. {institution} may correct the metadata; it does so with the account {account}.
"""
_TEST = """
This is a test system: its DOIs do not resolve at doi.org, and may be deleted by those who run it.
"""


class InstitutionRegistrar(DataCiteRegistrar):
    """The account's DOIs; suffix and terms are the institution's.

    Raises:
        InvalidInput: the account, the suffix or the file of the terms cannot be used.
    """

    def __init__(
        self, settings: Settings, hub: Hub, public_records: PublicRecords, metrics: Metrics
    ) -> None:
        super().__init__(settings.for_person(None), hub, public_records)
        self._http = TimedHttp(self._http, metrics)
        self.settings = settings
        self.suffix = check_suffix(settings.suffix)
        # A file that cannot be used is noticed at the start, not by the first researcher.
        _ = self.terms

    def naming(self, prefix: str, suffix: str) -> InstitutionRegistrar:
        """The same account, whose new DOIs have this prefix and this suffix."""
        if (prefix, suffix) == (self._prefix, self.suffix):
            return self
        other = copy(self)
        other._prefix, other.suffix = prefix, suffix
        return other

    def registered(self) -> Iterator[list[Version]]:
        """The public DOIs of the account, a thousand at a time. Raises as `differences`."""
        cursor: str | None = "1"
        while cursor:
            query = {"client-id": self._account.lower(), "page[size]": "1000"}
            answer = self._http.get("/dois", {**query, "page[cursor]": cursor})
            if answer.status >= 400:
                raise self._refusal(answer)
            said = answer.json if isinstance(answer.json, Mapping) else {}
            yield [
                version_from({"doi": entry.get("id"), **entry["attributes"]})
                for entry in said.get("data") or ()
                if entry["attributes"].get("state") == "findable"
            ]
            following = urlsplit(str((said.get("links") or {}).get("next") or "")).query
            cursor = parse_qs(following).get("page[cursor]", [None])[0]

    @property
    def terms(self) -> Terms:
        path = self.settings.terms
        try:
            template = Path(path).read_text("utf-8") if path else TERMS
            text = template.format(
                institution=self.settings.institution,
                account=self.settings.datacite_repository,
                hub=urlsplit(self.settings.hub).netloc,
                test=_TEST if self.is_test else "",
            )
        except (OSError, UnicodeDecodeError, KeyError, IndexError, ValueError):
            text = ""
        if not text.strip():
            raise InvalidInput(
                f"The terms in {path} cannot be used; save them as UTF-8 text, with {{institution}}, {{account}}, {{hub}} and {{test}} as the only words in braces."
            )
        return Terms(text)


def check_suffix(pattern: str) -> str:
    """`pattern`, when DOIs can be made with it.

    Raises:
        InvalidInput: they cannot.
    """
    try:
        whole = pattern.format(revision="abcdef0", hash="abcdefgh")
    except (KeyError, IndexError, ValueError):
        whole = ""
    if "{hash}" not in pattern or not whole.replace(".", "").replace("-", "").isalnum():
        raise InvalidInput(
            "The suffix of DOIs is written like hf.{revision}.{hash}: letters, digits, dots and hyphens, and {hash}."
        )
    return pattern

"""The grammar, written once: ``%doi …`` and ``hubdoi …`` are two doors to it."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NoReturn, cast

from ..records.errors import UsageError
from ..records.request import REQUESTS
from ..records.token import TOKEN

SHORT_HELP = """\
%doi status REPO…              state, DOI, revision, lock
%doi mint REPO                 read the terms; add --agree to generate the DOI
%doi regenerate REPO           a new DOI for the current revision
%doi amend REPO|DOI            correct the record of a DOI: --title, --author, --description
%doi reserve REPO              a DOI for a paper before the release; --release gives it up
%doi doctor [REPO]             check everything that a mint needs
%doi cite [REPO|DOI …]         the citation; --format, --style (without argument: of this notebook)
%doi history REPO              all versions, newest first
%doi panel [REPO]              status, terms, DOI and citation in one panel
%doi uses · check · bib FILE   what this notebook uses, and whether it is cited
%doi use sandbox|hub|datacite|URL   choose the Hub and the backend
"""

FORMATS = (
    "bibtex", "biblatex", "ris", "csl-json", "cff", "datacite-json", "datacite-xml", "schema.org",
    "text", "markdown", "latex", "typst", "myst", "zotero", "hub",
)  # fmt: skip


_TOKEN = re.compile(r"\bhf_\w+")
_AFTER_TOKEN = re.compile(r"--token(-env)?(?:=|\s+)['\"]?([^\s'\";]+)")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_DIGEST = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)

REFERENCES = frozenset({"repo", "repos", "reference", "references", "to"})
"""The arguments that name a repository."""


def is_variable(name: str) -> bool:
    """Whether `name` is written as variables of the environment are."""
    return _VARIABLE.fullmatch(name) is not None


def tokens_in(line: str) -> tuple[str, ...]:
    """What is, or may be, a token in a line as it was written, whether it can be parsed or not."""
    found = [match[0] for match in TOKEN.finditer(line)]
    for is_name, value in _AFTER_TOKEN.findall(line):
        is_other = is_variable(value) or value in os.environ if is_name else "://" in value
        if not is_other and not value.startswith("-"):
            found.append(value)
    return tuple(dict.fromkeys(found))


class _Parser(argparse.ArgumentParser):
    """Raises a sentence instead of ending the process, which may be somebody's kernel."""

    _width = 78

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuse here what is not known, where the message can name the subcommand."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        if unknown := re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message):
            from difflib import get_close_matches

            near = get_close_matches(unknown[1], re.findall(r"[\w.-]+", unknown[2]), 1)
            way_out = f"did you mean {near[0]}?" if near else f"choose from {unknown[2]}"
            message = f"{unknown[1]!r} is not one of the choices; {way_out}"
            if near:
                message = f"There is no {unknown[1]!r}; {way_out}"
            elif "/" in unknown[1] and "status" in unknown[2]:
                # A repository or a DOI where a command stands.
                what = unknown[1][:200]
                verb = "cite" if what.startswith("10.") else "status"
                raise UsageError(f"Say what to do with it, such as: {self.prog} {verb} {what}")
        # The beginning of a long word tells which one it was.
        message = re.sub(r"\S{80,}", lambda word: f"{word[0][:79]}…", message)[:600]
        # What is not known is shown, and a token is nothing to show.
        message = _TOKEN.sub("hf_…", message)
        message = message[0].upper() + message[1:]
        see = " See" if message.endswith("?") else "; see"
        raise UsageError(f"{message}{see}: {self.prog} --help")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        raise UsageError((message or "").strip() or f"See: {self.prog} --help")

    def _get_formatter(self) -> argparse.HelpFormatter:
        # argparse makes one for each argument, and asks the terminal's width by a large module
        return argparse.HelpFormatter(self.prog, width=self._width)

    def format_help(self) -> str:
        from shutil import get_terminal_size

        self._width = get_terminal_size().columns - 2
        return super().format_help()


class _Help(argparse.Action):
    """``--help`` as a value: a notebook shows it, a terminal prints it."""

    def __init__(self, option_strings: Sequence[str], dest: str, **_: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, default=None, help="show this help")

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, *_: Any
    ) -> None:
        raise HelpWanted(parser.format_help())


class HelpWanted(Exception):
    """Somebody asked for help; it is the text."""


def parse(words: Sequence[str], *, prog: str = "%doi") -> argparse.Namespace:
    """The command in `words`.

    Raises:
        UsageError: the grammar does not know it.
        HelpWanted: ``--help`` was in it.
    """
    named = parser(prog, words[0] if words else None)
    known = words and words[0] in subcommands(named)
    return (named if known else parser(prog)).parse_args(_with_its_value(words))


def _with_its_value(words: Sequence[str]) -> list[str]:
    """`words`, in which ``--agree`` takes the next one only where that is a digest.

    The repository may come after it: ``mint --agree ada/tiny-bert``.
    """
    if not words or words[0] not in ("mint", "regenerate", "amend"):
        return list(words)
    found: list[str] = []
    for word in words:
        if found and found[-1] == "--agree":
            found[-1] = "--agree="
            if _DIGEST.fullmatch(word):
                found[-1] += word.lower()
                continue
        found.append(word)
    return found


class _Unbuilt:
    """Stands for a command that was not asked for: it takes its grammar and keeps nothing."""

    def __getattr__(self, name: str) -> _Unbuilt:
        return self

    def __call__(self, *_: Any, **__: Any) -> _Unbuilt:
        return self


_UNBUILT: Any = _Unbuilt()


@lru_cache(maxsize=64)
def parser(prog: str = "%doi", only: str | None = None) -> argparse.ArgumentParser:
    """The grammar, whole or of the command `only`; it is the same object every time."""
    root = _Parser(prog=prog, add_help=False, allow_abbrev=False,
                   description="Give Hugging Face models and datasets a DOI, and cite them.")  # fmt: skip
    root.add_argument("-h", "--help", action=_Help)
    commands = root.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)

    def command(name: str, help: str, into: Any = commands) -> argparse.ArgumentParser:
        if into is _UNBUILT or (into is commands and only not in (None, name)):
            return cast("argparse.ArgumentParser", _UNBUILT)
        made: argparse.ArgumentParser = into.add_parser(
            name,
            help=help,
            description=help[0].upper() + help[1:] + ".",
            add_help=False,
            allow_abbrev=False,
        )
        made.add_argument("-h", "--help", action=_Help)
        return made

    status = command("status", "state, DOI, revision, lock, what changed since")
    status.add_argument("repos", nargs="*", metavar="REPO")
    status.add_argument("--owner", help="all models and datasets of this user or organisation")
    status.add_argument(
        "--changes", action="store_true", help="list the files changed since the DOI's revision"
    )
    _json_option(status)

    cite = command("cite", "the citation; without argument, everything this notebook uses")
    cite.add_argument("references", nargs="*", metavar="REPO|DOI|NOTEBOOK")
    cite.add_argument(
        "--format", default=None, metavar="FORMAT", choices=FORMATS, help=", ".join(FORMATS)
    )
    cite.add_argument("--style", help="a CSL style: apa, ieee, nature, …, a path or an https URL")
    cite.add_argument("--locale", help="the language of the style, such as de-DE")
    cite.add_argument("--revision", metavar="SHA", help="the version of that revision")
    _bibtex_options(cite)
    cite.add_argument("--in-text", action="store_true", help="the in-text citation of the style")
    cite.add_argument("--output", "-o", metavar="FILE", help="write it to a file")
    cite.add_argument(
        "--insert",
        nargs="?",
        const="",
        metavar="NOTEBOOK",
        help="write or refresh the bibliography cell of this notebook, or of a notebook file",
    )

    for name, help in (
        ("mint", "read the terms; with --agree, generate the DOI"),
        ("regenerate", "a new DOI for the current revision"),
    ):
        mint = command(name, help)
        mint.add_argument("repo", metavar="REPO")
        mint.add_argument(
            "--agree",
            nargs="?",
            const="",
            metavar="DIGEST",
            help="I agree to the terms that were shown; in a script, to those with this digest",
        )
        mint.add_argument(
            "--author", dest="authors", action="append", metavar='"Family, Given <ORCID>"'
        )
        mint.add_argument("--title", help="instead of the repository's name")
        mint.add_argument("--description", help="instead of the card's first paragraph")
        mint.add_argument("--revision", metavar="SHA", help="instead of the latest commit")
        mint.add_argument(
            "--wait",
            action="store_true",
            help="on a Hub without a DOI API: wait until the DOI appears",
        )
        mint.add_argument(
            "--timeout",
            type=_seconds,
            default=1800.0,
            metavar="SECONDS",
            help="how long to wait (1800)",
        )
        mint.add_argument("--test", action="store_true", help="at DataCite's test system")

    amend = command("amend", "correct the public record of a DOI; the DOI stays")
    amend.add_argument("reference", metavar="REPO|DOI")
    amend.add_argument(
        "--author",
        dest="authors",
        action="append",
        metavar='"Family, Given <ORCID>"',
        help="once for each author, in order; together they replace the list",
    )
    amend.add_argument("--title", help="the new title; the revision in it stays")
    amend.add_argument("--description", help="the new description")
    amend.add_argument(
        "--access",
        action="store_true",
        help="what the record says of a gate, as it is on the Hub now",
    )
    amend.add_argument(
        "--agree",
        nargs="?",
        const="",
        metavar="DIGEST",
        help="I have read what becomes public and agree to it; in a script, to what has this digest",
    )
    amend.add_argument("--history", action="store_true", help="show the corrections so far")
    amend.add_argument("--test", action="store_true", help="at DataCite's test system")

    reserve = command("reserve", "a DOI for a paper before the release; the next mint publishes it")
    reserve.add_argument("repo", metavar="REPO")
    reserve.add_argument("--release", action="store_true", help="give the reserved DOI up")
    reserve.add_argument("--test", action="store_true", help="at DataCite's test system")

    withdraw = command("withdraw", "take back a request that an institution has not decided yet")
    withdraw.add_argument("repo", metavar="REPO")
    withdraw.add_argument(
        "what", nargs="?", choices=REQUESTS, help="which one, where several are waiting"
    )

    command("history", "all versions, newest first").add_argument("repo", metavar="REPO")
    command("panel", "the widget").add_argument("repo", nargs="?", metavar="REPO")

    uses = command("uses", "the repositories a notebook loads, and at which revision")
    uses.add_argument("notebooks", nargs="*", metavar="NOTEBOOK")
    uses.add_argument(
        "--table", action="store_true", help="the reviewer's table: DOI and verdict for each"
    )
    uses.add_argument(
        "--save", action="store_true", help="save what was recorded in the notebook's metadata"
    )
    _json_option(uses)

    runs = command("run", "run a script and record which revisions it loads")
    runs.add_argument(
        "--output", "-o", metavar="FILE", help="instead of SCRIPT.provenance.json beside the script"
    )
    runs.add_argument("script", metavar="SCRIPT")
    runs.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARGUMENT")

    bib = command("bib", "write or update a .bib file")
    bib.add_argument("file", metavar="FILE")
    bib.add_argument("references", nargs="*", metavar="REPO|DOI|NOTEBOOK")
    bib.add_argument(
        "--format", choices=("bibtex", "biblatex"), help="by default as in the existing entries"
    )
    _bibtex_options(bib)
    bib.add_argument(
        "--adopt",
        action="store_true",
        help="take over entries with the same DOI that hubdoi did not write",
    )
    bib.add_argument(
        "--dry-run", action="store_true", help="show the difference, and write nothing"
    )

    check = command("check", "fail when a citation is missing, outdated or of another revision")
    check.add_argument("notebooks", nargs="*", metavar="NOTEBOOK")
    check.add_argument("--strict", action="store_true", help="every finding counts")
    check.add_argument(
        "--format", default="text", choices=("text", "github", "json", "junit", "sarif")
    )
    check.add_argument(
        "--commit-only",
        action="store_true",
        help="a tag does not count as a pin; only a commit does",
    )
    check.add_argument(
        "--ignore", action="append", metavar="CODE", help="leave out a code, such as HD002"
    )
    check.add_argument("--baseline", metavar="FILE", help="leave out the findings in this file")
    check.add_argument(
        "--write-baseline", action="store_true", help="write the current findings to --baseline"
    )
    check.add_argument("--fix", action="store_true", help="write the missing revisions")
    check.add_argument(
        "--dry-run", action="store_true", help="show what --fix would change, and write nothing"
    )
    check.add_argument(
        "--bib", action="append", metavar="FILE", help="a .bib file that contains the citations"
    )

    export = command("export", "what a notebook loads, for RO-Crate, CycloneDX or Croissant")
    export.add_argument("sources", nargs="*", metavar="NOTEBOOK|REPO")
    export.add_argument("--format", required=True, choices=("ro-crate", "cyclonedx", "croissant"))
    export.add_argument("--output", "-o", metavar="PATH", help="a .json or .zip file, or a folder")
    export.add_argument("--license", metavar="SPDX", help="the licence of the notebook")

    use = command("use", "choose the backend for this session")
    use.add_argument(
        "target",
        nargs="?",
        metavar="sandbox|hub|datacite|URL",
        help="else the gateway that JupyterHub announces",
    )
    use.add_argument("--user", help="sign in as this user of the sandbox")
    use.add_argument(
        "--fresh",
        action="store_true",
        help="a sandbox of this session's own, without a DOI in it",
    )
    use.add_argument("--test", action="store_true", help="DataCite's test system")
    use.add_argument(
        "--token",
        nargs="?",
        const="",
        metavar="TOKEN",
        help="who you are there; without a value you are asked, so that no cell has it",
    )
    use.add_argument(
        "--token-env", metavar="NAME", help="the token in this variable of the environment"
    )

    command("login", "sign in at an institution's gateway, with a code")
    command("logout", "sign out; the gateway deletes the access that you gave it")

    sandbox = command("sandbox", "a complete Hub on this machine, for testing")
    actions = sandbox.add_subparsers(
        dest="action", metavar="ACTION", required=True, parser_class=_Parser
    )
    serve = command("serve", "serve until SIGTERM or SIGINT", actions)
    _listening_options(serve)
    serve.add_argument("--data", metavar="DIR")
    serve.add_argument("--seed", choices=("demo", "empty"), default="demo")
    serve.add_argument("--clock", metavar="ISO-TIME")
    serve.add_argument("--without-doi-api", action="store_true")
    start = command("start", "start this session's sandbox", actions)
    start.add_argument("--data", metavar="DIR", help="keep its data here")
    command("stop", "stop this session's sandbox", actions)
    reset = command("reset", "delete what was made in it", actions)
    reset.add_argument(
        "--yes", action="store_true", help="also where other notebooks share the sandbox"
    )
    url = command("url", "its URL", actions)
    url.add_argument("--user", help="a URL that signs in as this user, once")
    requests = command("requests", "the requests to support", actions)
    grant = command("grant", "grant a request to support", actions)
    grant.add_argument("number", type=int, metavar="N")
    for remote in (requests, grant):
        remote.add_argument(
            "--data", metavar="DIR", help="the data directory of the running sandbox"
        )

    gateway = command("gateway", "an institution's service: researchers mint with its account")
    actions = gateway.add_subparsers(
        dest="action", metavar="ACTION", required=True, parser_class=_Parser
    )
    serve = command("serve", "serve until SIGTERM or SIGINT", actions)
    _listening_options(serve)
    serve.add_argument("--demo", action="store_true", help="with a sandbox as Hub and DataCite")
    worker = command("worker", "register what is waiting, beside serve, on PostgreSQL", actions)
    worker.add_argument("--until-idle", action="store_true", help="end when nothing is due")
    worker.add_argument(
        "--metrics-port", type=int, metavar="N", help="serve metrics to Prometheus, on this machine"
    )
    command("migrate", "bring the database to the schema of this version", actions)
    for name, help in (
        ("reconcile", "compare every DOI with DataCite and the Hub, and repair what is safe"),
        ("doctor", "check the configuration, the account, the database and the Hub"),
        ("drill", "show that a backup can be restored, in a scratch database"),
    ):
        _json_option(command(name, help, actions))
    for name, help in (
        ("backup", "write the whole database to a new file; serve may be running"),
        ("restore", "fill an empty database from such a file"),
    ):
        command(name, help, actions).add_argument("file", metavar="FILE")
    user = command("user", "the people who are listed, their roles and groups", actions)
    acts = user.add_subparsers(dest="act", metavar="ACT", required=True, parser_class=_Parser)
    _json_option(command("list", "who is listed", acts))
    put = command("set", "add a person, or change what they may do", acts)
    put.add_argument("name", metavar="NAME", help="the user name on the Hub")
    put.add_argument("--role", choices=("member", "curator", "admin"))
    put.add_argument("--group", help="the group whose policy applies; empty for none")
    command("remove", "list somebody no more", acts).add_argument("name", metavar="NAME")
    command("erase", "erase somebody's data, except what is public at DataCite", acts).add_argument(
        "name", metavar="NAME"
    )
    policy = command("policy", "what the people of a group may mint", actions)
    acts = policy.add_subparsers(dest="act", metavar="ACT", required=True, parser_class=_Parser)
    _json_option(command("list", "the policies", acts))
    put = command("set", "give a group a policy", acts)
    put.add_argument("group", metavar="GROUP", help="a group of users, or: everybody")
    put.add_argument("--owners", help="owners on the Hub, separated by commas")
    put.add_argument("--prefix", help="the prefix of new DOIs")
    put.add_argument("--suffix", help="their suffix, such as hf.{revision}.{hash}")
    put.add_argument("--quota", type=int, help="DOIs per person in 365 days")
    put.add_argument("--require", help="metadata: orcid,license,description")
    put.add_argument(
        "--review",
        action=argparse.BooleanOptionalAction,
        help="a curator decides each request, or none; else as in the configuration",
    )
    command("remove", "let the policy of everybody apply", acts).add_argument(
        "group", metavar="GROUP"
    )
    review = command("review", "the mints that a curator decides", actions)
    acts = review.add_subparsers(dest="act", metavar="ACT", required=True, parser_class=_Parser)
    _json_option(command("list", "what waits", acts))
    for name, help in (("approve", "let it be registered"), ("refuse", "say no, with a reason")):
        decide = command(name, help, acts)
        decide.add_argument("number", type=int, metavar="N")
        decide.add_argument("--reason", required=name == "refuse")

    command("badge", "a badge for a README").add_argument("repo", metavar="REPO")
    card = command("card", "a pull request that adds the citation to the repository card")
    card.add_argument("repo", metavar="REPO")
    card.add_argument(
        "--yes", action="store_true", help="open the pull request, not only show the difference"
    )
    request = command("request", "ask support for an action that the lock refuses")
    request.add_argument("repo", metavar="REPO")
    request.add_argument("action", choices=("delete", "move", "private"))
    request.add_argument("--reason", required=True)
    request.add_argument("--to", metavar="REPO", help="the new name, for move")
    doctor = command("doctor", "check everything that a mint needs; nothing is changed")
    doctor.add_argument("repo", nargs="?", metavar="REPO", help="this repository too")
    doctor.add_argument("--test", action="store_true", help="DataCite's test system")
    _json_option(doctor)
    recover = command("recover", "finish the mints that were interrupted")
    recover.add_argument("--test", action="store_true", help="at DataCite's test system")
    return root


def subcommands(of: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def _bibtex_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--ascii", action="store_true", help="BibTeX with accents as commands, for old programs"
    )
    command.add_argument(
        "--classic", action="store_true", help="BibTeX with a note, for styles that ignore doi"
    )


def _listening_options(command: argparse.ArgumentParser) -> None:
    told = "the name or number to listen on; by default this machine alone can connect"
    command.add_argument("--host", default="127.0.0.1", help=told)
    command.add_argument("--port", type=int, default=0, help="by default a free one")


def _json_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="as JSON")


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < 10**7:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds")
    return seconds

"""The repositories that command lines download: `!` lines, `%%bash` cells, strings given to a shell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ...records import RepoReference, RepoType
from ...records.errors import HubdoiError
from ..use import Form
from .harness import arguments_in
from .patterns import lazily
from .target import addresses_in, read_address, read_id

_SEPARATOR = lazily(r"&&|\|\||[;|\n]")
_ASSIGNMENT = lazily(
    r"^\s*(?:export\s+|local\s+|readonly\s+)?([A-Za-z_]\w*)=(\"[^\"]*\"|'[^']*'|\S+)\s*;?\s*$"
)
_ARRAY = lazily(r"^\s*(?:declare\s+-a\s+)?([A-Za-z_]\w*)=\(([^)]*)(\)?)")
_LOOP = lazily(r"(?:^|[;&|]|\bdo)\s*for\s+([A-Za-z_]\w*)\s+in\s+([^;\n]+)")
# ${NAME}, ${NAME:-default} and ${NAME[@]}; $NAME; {name}, as IPython fills it in
_VARIABLE = lazily(
    r"\$\{(\w+)(?:\[[@*]\]|:?[-=]([^}]*))?\}|\$(\w+)|(?<!\$)\{([A-Za-z_][\w.]*(?:\[[^\]{}]+\])?)\}"
)
_KEYWORDS = frozenset(
    "do then else if ! sudo time env nohup uvx uv run python python3 -m exec".split()
)
_HARNESSES = frozenset({"lm_eval", "lm-eval", "lighteval", "lm_eval.__main__"})
_FILLED = 64
_LONGEST = 20_000
_VARIABLES = 8
_INTEREST = (
    "huggingface", "hf.co", "hf://", "hf download", "name_or_path", "name-or-path", "vllm serve", "git clone",
    "lm_eval", "lm-eval", "lighteval", "--model_args",
)  # fmt: skip
_HUB = lazily(
    r"(?i)(?:https?://(?:[^\s/@]*@)?|git@|ssh://git@)(?:www\.)?(?:huggingface\.co|hf\.co)[/:]"
)
_MODEL_OPTIONS = frozenset(
    "--model_name_or_path --pretrained_model_name_or_path --model-name-or-path "
    "--base_model_name_or_path --tokenizer_name_or_path".split()
)
_SILENT = frozenset("echo printf pip pip3 export cat grep sed awk cd rm".split())
_WITH_REVISION = frozenset({"hf download", "huggingface-cli download", "vllm serve"})
_FLAGS = frozenset("--quiet --force-download --resume-download --dry-run -q -h --help".split())


@dataclass(frozen=True, slots=True)
class Command:
    """A repository that a command line downloads; `reference` is None where only the run can tell."""

    reference: RepoReference | None
    call: str
    line: int
    # whether it stands for commands that are too many to be followed
    cut: bool = False

    @property
    def form(self) -> Form:
        if self.call == "git clone":
            return "clone"
        return "option" if self.call in _WITH_REVISION else "url"


def needs_values(text: str) -> bool:
    """Whether a command line may download something."""
    return any(word in text for word in _INTEREST)


def commands_in(
    lines: Sequence[tuple[int, str]],
    value: Callable[[str], Sequence[str]] | None = None,
    *,
    script: bool = False,
) -> Iterator[Command]:
    """The downloads in command lines, each given with its line.

    `value` gives what a Python name can be, for ``{name}`` and ``$name`` in a `!` line. In a
    `script`, the variables are those that the script itself sets.
    """
    variables: dict[str, list[str]] = {}
    held = ""
    start = 0
    for number, text in lines:
        text = re.sub(r"(?:^|\s)#.*$", "", text)
        if held:
            text, number = f"{held} {text.strip()}", start
        array = _ARRAY.match(text) if script else None
        is_open = array is not None and not array[3] and len(text) < _LONGEST
        if is_open or text.rstrip().endswith("\\"):
            held, start = text.rstrip().removesuffix("\\"), number
            continue
        held = ""
        if array:
            variables[array[1]] = _words(array[2], variables)
            continue
        if script and (assigned := _ASSIGNMENT.match(text)):
            variables[assigned[1]], _ = _filled(assigned[2].strip("\"'"), variables, None)
            continue
        for loop in _LOOP.finditer(text):
            variables[loop[1]] = _words(loop[2], variables)
        if not needs_values(text) and not _VARIABLE.search(text):
            continue
        texts, cut = _filled(text, variables, None if script else value)
        for filled in texts:
            for part in _SEPARATOR.split(filled):
                yield from _command(part.strip(), number)
        if cut:
            yield Command(None, text.split()[0], number, cut=True)


def _words(text: str, variables: dict[str, list[str]]) -> list[str]:
    """The words of a list in a shell, with its variables replaced; a pattern of files is none."""
    found: list[str] = []
    for word in text.split():
        filled, _ = _filled(word.strip("\"'"), variables, None)
        found += [w for w in filled if not any(letter in w for letter in "*?$`()")]
    return found[:_FILLED]


def _filled(
    text: str,
    variables: dict[str, list[str]],
    value: Callable[[str], Sequence[str]] | None,
) -> tuple[list[str], bool]:
    """The text with its variables replaced, once for each value; and whether some are left out."""
    texts = [text]
    matches = {match.group(): match for match in _VARIABLE.finditer(text)}
    cut = len(matches) > _VARIABLES
    for match in list(matches.values())[:_VARIABLES]:
        name = match[1] or match[3] or match[4]
        values: Sequence[str] = variables.get(name, ())
        if not values and value is not None:
            values = value(name)
        if not values and match[2]:
            values = [match[2].strip("\"'")]
        if values:
            written = match.group()
            pairs = [(t, v) for t in texts for v in values][:_FILLED]
            # a variable may be written a thousand times, and the next one be made of it
            short = [(t, v) for t, v in pairs if t.count(written) * len(v) <= _LONGEST]
            cut = cut or len(texts) * len(values) > len(short)
            texts = [t.replace(written, v) for t, v in short]
    return texts, cut


def _command(text: str, line: int) -> Iterator[Command]:
    if not text:
        return
    try:
        words = shlex.split(text, comments=False)
    except ValueError:
        words = [word.strip("\"'") for word in text.split()]
    while words and (re.match(r"^\w+=", words[0]) or words[0] in _KEYWORDS):
        if words[0] in ("python", "python3") and len(words) > 1 and words[1] not in ("-m", "-u"):
            break
        words = words[1:]
    if not words or words[0] in _SILENT:
        return
    program = words[0].rpartition("/")[2]
    if program == "git":
        yield from _git(words[1:], line)
    elif program == "git-lfs":
        yield from _git(["lfs", *words[1:]], line)
    elif program in ("hf", "huggingface-cli", "huggingface_hub.commands.huggingface_cli"):
        yield from _download(program, words[1:], line)
    elif program == "vllm" and words[1:2] == ["serve"] and len(words) > 2:
        yield from _named(words[2], _option(words, "--revision"), "vllm serve", line)
    else:
        found = addresses_in(text)
        for reference in found:
            yield Command(reference, program, line)
        yield from _evaluated(program, words, line)
        for n, word in enumerate(words):
            option, equals, given = word.partition("=")
            if option in _MODEL_OPTIONS:
                given = given if equals else (words[n + 1] if n + 1 < len(words) else "")
                script = next((w for w in words if w.endswith(".py")), program)
                yield from _named(
                    given, None, f"{program} {script}" if script != program else program, line
                )


def _evaluated(program: str, words: list[str], line: int) -> Iterator[Command]:
    """The repositories in the arguments of an evaluation harness."""
    harness = next((word for word in words[:6] if word in _HARNESSES), None)
    given = [_option(words, "--model_args", *(["-a"] if harness else [])) or ""]
    # a harness may be started by a script of its own
    harness = harness or (program if "=" in given[0] else None)
    if harness is None:
        return
    if harness == "lighteval":
        given += [word for word in words[1:4] if "=" in word and not word.startswith("-")]
    for text in given:
        for name in arguments_in(text):
            reference = read_id(name, "model", tagged=True)
            if reference is not None:
                yield Command(reference, harness, line)
            elif _VARIABLE.search(name):
                yield Command(None, harness, line)


def _named(name: str, revision: str | None, call: str, line: int) -> Iterator[Command]:
    reference = read_id(name, "model")
    if reference is not None:
        yield Command(RepoReference(reference.repo, revision or reference.revision), call, line)
    elif _VARIABLE.search(name):
        yield Command(None, call, line)


def _git(words: list[str], line: int) -> Iterator[Command]:
    # options of git itself stand before the command
    while words and words[0].startswith("-"):
        words = words[2:] if words[0] in ("-C", "-c", "--git-dir", "--work-tree") else words[1:]
    if words[:1] == ["lfs"]:
        words = words[1:]
    if words[:1] != ["clone"]:
        return
    for word in words[1:]:
        if not _HUB.match(word):
            continue
        if _VARIABLE.search(word):
            yield Command(None, "git clone", line)
            return
        address = "https://huggingface.co/" + word[_HUB.match(word).end() :].removesuffix(".git")  # type: ignore[union-attr]
        revision = _option(words, "--branch", "-b", "--revision")
        try:
            reference = RepoReference.parse(address)
        except HubdoiError:
            return
        yield Command(
            RepoReference(reference.repo, revision or reference.revision), "git clone", line
        )
        return


def _download(program: str, words: list[str], line: int) -> Iterator[Command]:
    if words[:1] not in (["download"], ["scan"]):
        return
    call = "hf download" if program == "hf" else "huggingface-cli download"
    if words[0] != "download":
        return
    given = None
    n = 1
    while n < len(words):
        word = words[n]
        if word.startswith("-"):
            n += 1 if "=" in word or word in _FLAGS else 2
            continue
        given = word
        break
    if given is None:
        return
    kind = _option(words, "--repo-type", "--type") or "model"
    if kind == "space" or kind not in ("model", "dataset"):
        return
    repo_type: RepoType = "dataset" if kind == "dataset" else "model"
    if given.startswith(("hf://", "datasets/", "models/")):
        reference = read_address(given if "://" in given else f"hf://{given}")
    else:
        # the command takes any id: it cannot be a local path
        try:
            reference = RepoReference.parse(
                f"hf://{'datasets/' if repo_type == 'dataset' else ''}{given}"
            )
        except HubdoiError:
            reference = None
    revision = _option(words, "--revision")
    if reference is not None:
        yield Command(RepoReference(reference.repo, revision or reference.revision), call, line)
    elif _VARIABLE.search(given):
        yield Command(None, call, line)


def _option(words: list[str], *names: str) -> str | None:
    for n, word in enumerate(words):
        option, equals, given = word.partition("=")
        if option in names:
            if equals:
                return given
            return words[n + 1] if n + 1 < len(words) else None
    return None

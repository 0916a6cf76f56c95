"""1,000 small files in one commit of a sandbox, and read back, against git with the same files."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from shutil import rmtree
from statistics import median
from time import perf_counter, process_time
from typing import TYPE_CHECKING

from .floor import Floor, recording
from .harness import Result, Served, in_turn, served

if TYPE_CHECKING:
    from huggingface_hub import HfApi

FILES = 1000
_BYTES = 500
_IN_A_FOLDER = 100


@dataclass(frozen=True)
class Fetched:
    """Seconds of a download, and of processor time on each side."""

    whole: float
    client: float
    server: float

    @property
    def processor(self) -> float:
        return self.client + self.server


class _Side:
    """A folder that is new in every run: nothing is known of its files."""

    def __init__(self, folder: Path, sandbox: Served) -> None:
        self._folder = folder
        self.sandbox = sandbox
        self._api = _api(sandbox.endpoint, sandbox)
        self._numbers = count()

    def _made(self) -> Path:
        made = self._folder / f"files-{next(self._numbers)}"
        for number in range(FILES):
            path = made / str(number // _IN_A_FOLDER) / f"{number}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(os.urandom(_BYTES // 2).hex().encode())
        return made

    def upload(self) -> float:
        """Seconds of `upload_folder` into a repository without files."""
        made = self._made()
        repo = f"ada/{made.name}"
        self._api.create_repo(repo)
        start = perf_counter()
        self._api.upload_folder(repo_id=repo, folder_path=made)
        taken = perf_counter() - start
        rmtree(made)
        self._last = repo
        return taken

    def git(self) -> float:
        """Seconds of `git add` and `git commit` in a repository without files."""
        made = self._made()
        git: list[str | Path] = [
            "git",
            "-C",
            made,
            "-c",
            "user.name=Ada",
            "-c",
            "user.email=ada@example.org",
        ]
        subprocess.run([*git, "init", "--quiet"], check=True)
        start = perf_counter()
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "--quiet", "--message", "files"], check=True)
        taken = perf_counter() - start
        rmtree(made)
        return taken

    def snapshot(self, floor: Floor | None = None) -> Fetched:
        """`snapshot_download` of what was sent last, from the sandbox or from `floor`."""
        cache = self._folder / "cache"
        server = floor or self.sandbox
        api = _api(server.endpoint, self.sandbox)
        here, there = process_time(), _processor_time(server.pid)
        start = perf_counter()
        path = api.snapshot_download(self._last, cache_dir=cache)
        taken = perf_counter() - start
        fetched = Fetched(taken, process_time() - here, _processor_time(server.pid) - there)
        assert sum(len(files) for _, _, files in os.walk(path)) == FILES + 1
        rmtree(cache)
        return fetched


def measure(runs: int = 7) -> list[Result]:
    with _side() as side:
        sent = in_turn(side.upload, side.git, runs=runs)
        with recording(side.sandbox.endpoint) as floor:
            side.snapshot(floor)
            pairs = [(side.snapshot(), side.snapshot(floor)) for _ in range(runs + 1)][1:]

    def per_file(part: str, which: int) -> float:
        return median(getattr(pair[which], part) for pair in pairs) * 1000 / FILES

    behind = [
        f"{per_file('client', which):.1f} ms in the client and {per_file('server', which):.1f} ms in {name}"
        for which, name in enumerate(("the sandbox", "the floor"))
    ]
    return [
        Result(
            "folder-upload", sent.ratio, "ratio", "<= 1.5", "git add and git commit", sent.detail
        ),
        Result(
            "folder-snapshot",
            per_file("whole", 0),
            "ms a file",
            "<= 6",
            "none",
            f"{FILES} files; the floor takes {per_file('whole', 1):.1f} ms",
        ),
        Result(
            "folder-snapshot-floor",
            median(ours.processor / theirs.processor for ours, theirs in pairs),
            "ratio",
            "<= 1.5",
            "the same answers from memory",
            f"processor time a file: {'; '.join(behind)}",
        ),
    ]


@contextmanager
def _side() -> Iterator[_Side]:
    with tempfile.TemporaryDirectory(prefix="hubdoi-bench-") as made:
        # Read when huggingface_hub is imported.
        os.environ |= {"HF_HOME": made, "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
        with served() as sandbox:
            yield _Side(Path(made), sandbox)


def _api(endpoint: str, sandbox: Served) -> HfApi:
    # Where its cache is, is read when it is imported.
    from huggingface_hub import HfApi

    return HfApi(endpoint, token=sandbox.users["ada"])


def _processor_time(pid: int) -> float:
    """Seconds of processor time that a process has taken so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def subject() -> Iterator[Callable[[], object]]:
    with _side() as side:
        yield side.upload

"""A file of 1 GiB sent to a sandbox and fetched from it, against `cp` and `sha256sum` of the same file."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from time import perf_counter

from .harness import Result, Served, in_turn, served

REPO = "ada/tiny-bert"
BYTES = 1024**3
RUNS = 7
"""A run writes and reads some 8 GiB."""
_PART_BYTES = 16 * 1024**2


class _Side:
    """What is sent and fetched: a file whose content nobody has seen before, in every run."""

    def __init__(self, folder: Path, sandbox: Served) -> None:
        from huggingface_hub import HfApi

        self._folder = folder
        self._file = folder / "file.safetensors"
        self._api = HfApi(sandbox.endpoint, token=sandbox.users["ada"])
        self.make(BYTES)

    def make(self, size: int) -> None:
        with self._file.open("wb") as file:
            for _ in range(size // _PART_BYTES):
                file.write(os.urandom(_PART_BYTES))
            os.fsync(file.fileno())

    def upload(self, *, xet: bool) -> float:
        """Seconds of sending a new file, by Xet or by Git LFS."""
        from huggingface_hub import constants

        self.make(BYTES)
        constants.HF_HUB_DISABLE_XET = not xet
        start = perf_counter()
        self._api.upload_file(
            path_or_fileobj=self._file, path_in_repo="file.safetensors", repo_id=REPO
        )
        return perf_counter() - start

    def download(self) -> float:
        cache = self._folder / "cache"
        start = perf_counter()
        path = self._api.hf_hub_download(REPO, "file.safetensors", cache_dir=cache)
        taken = perf_counter() - start
        assert Path(path).stat().st_size == BYTES
        rmtree(cache)
        return taken

    def copy(self) -> float:
        """Seconds of `cp` and `sha256sum`."""
        copied = self._folder / "copied"
        start = perf_counter()
        subprocess.run(["cp", self._file, copied], check=True)
        subprocess.run(["sha256sum", copied], check=True, stdout=subprocess.DEVNULL)
        taken = perf_counter() - start
        copied.unlink()
        return taken


def measure() -> list[Result]:
    with _sides() as (side, sandbox):
        # The first transfer loads what every other one needs too.
        for xet in (True, False):
            side.upload(xet=xet)
        side.download()
        before = _forget_peak(sandbox.pid)
        xet = in_turn(lambda: side.upload(xet=True), side.copy, runs=RUNS, warm_up=0)
        lfs = in_turn(lambda: side.upload(xet=False), side.copy, runs=RUNS, warm_up=0)
        down = in_turn(side.download, side.copy, runs=RUNS, warm_up=0)
        growth = _mebibytes(sandbox.pid, "VmHWM") - before
    peer = "cp and sha256sum"
    return [
        Result("large-upload", xet.ratio, "ratio", "<= 3", peer, f"by Xet: {xet.detail}"),
        Result("large-upload-lfs", lfs.ratio, "ratio", "<= 3", peer, f"by Git LFS: {lfs.detail}"),
        Result("large-download", down.ratio, "ratio", "<= 3", peer, down.detail),
        Result(
            "large-memory",
            growth,
            "MiB",
            "<= 64",
            "none",
            f"the server's peak in {3 * RUNS} transfers, beyond {before:.0f} MiB",
        ),
    ]


@contextmanager
def _sides() -> Iterator[tuple[_Side, Served]]:
    with tempfile.TemporaryDirectory(prefix="hubdoi-bench-") as made:
        # Read when huggingface_hub is imported: Xet keeps a cache of what it has sent.
        os.environ |= {"HF_HOME": made, "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
        with served() as sandbox:
            yield _Side(Path(made), sandbox), sandbox


def _forget_peak(pid: int) -> float:
    """Let the peak of a process begin anew; MiB that it has now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return _mebibytes(pid, "VmRSS")


def _mebibytes(pid: int, field: str) -> float:
    found = re.search(rf"{field}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


@contextmanager
def subject() -> Iterator[Callable[[], object]]:
    with _sides() as (side, _):
        yield lambda: side.upload(xet=True)

"""Which files differ between two revisions of a repository."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from .displayed import Displayed
from .repo import Repo

FileGroup = Literal["card", "weights", "data", "code", "other"]

_SUFFIXES: dict[str, FileGroup] = {
    **dict.fromkeys(
        (".bin", ".ckpt", ".ggml", ".gguf", ".h5", ".joblib", ".keras", ".mlmodel", ".msgpack", ".npz",
         ".onnx", ".pb", ".pickle", ".pkl", ".pt", ".pth", ".safetensors", ".tflite"), "weights"),
    **dict.fromkeys(
        (".arrow", ".avro", ".csv", ".feather", ".flac", ".gz", ".jpeg", ".jpg", ".jsonl", ".lance", ".mp3",
         ".mp4", ".ndjson", ".npy", ".orc", ".parquet", ".png", ".tar", ".tsv", ".txt", ".wav", ".webp",
         ".xml", ".zip", ".zst"), "data"),
    **dict.fromkeys((".c", ".cpp", ".cu", ".ipynb", ".jl", ".js", ".py", ".r", ".rs", ".sh", ".ts"), "code"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that was added, removed or modified; sizes are in bytes, None where it is not."""

    path: str
    size_before: int | None
    size_after: int | None
    group: FileGroup

    @property
    def kind(self) -> Literal["added", "removed", "modified"]:
        if self.size_before is None:
            return "added"
        return "removed" if self.size_after is None else "modified"


@dataclass(frozen=True, slots=True)
class Changes(Displayed):
    """What differs between the revisions `base` and `head` of a repository, by path."""

    repo: Repo
    base: str
    head: str
    files: tuple[FileChange, ...]

    @classmethod
    def between(
        cls,
        repo: Repo,
        base: str,
        head: str,
        before: Mapping[str, tuple[str, int]],
        after: Mapping[str, tuple[str, int]],
    ) -> Changes:
        """The difference of two listings: path to (content id, size in bytes)."""
        files = tuple(
            FileChange(
                path,
                before[path][1] if path in before else None,
                after[path][1] if path in after else None,
                group_of(path, repo),
            )
            for path in sorted({*before, *after})
            if before.get(path, (None,))[0] != after.get(path, (None,))[0]
        )
        return cls(repo, base, head, files)

    @property
    def only_card(self) -> bool:
        """Whether nothing but the repository card changed."""
        return bool(self.files) and all(file.group == "card" for file in self.files)

    @property
    def groups(self) -> dict[FileGroup, tuple[FileChange, ...]]:
        """The changed files by group, in the order card, weights, data, code, other."""
        order: tuple[FileGroup, ...] = ("card", "weights", "data", "code", "other")
        found = {group: tuple(f for f in self.files if f.group == group) for group in order}
        return {group: files for group, files in found.items() if files}


def group_of(path: str, repo: Repo) -> FileGroup:
    """Which part of a repository a file belongs to; JSON is data in a dataset, else configuration."""
    if path == "README.md":
        return "card"
    suffix = PurePosixPath(path).suffix.lower()
    if suffix == ".json" and repo.type == "dataset":
        return "data"
    return _SUFFIXES.get(suffix, "other")

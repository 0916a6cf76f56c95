"""What the Hub puts into a new repository: `.gitattributes`, and a card when a licence is named."""

from __future__ import annotations

from ..records import RepoType

_LARGE = (
    "*.7z *.arrow *.bin *.bz2 *.ckpt *.ftz *.gz *.h5 *.joblib *.lfs.* *.mlmodel *.model *.msgpack "
    "*.npy *.npz *.onnx *.ot *.parquet *.pb *.pickle *.pkl *.pt *.pth *.rar *.safetensors "
    "saved_model/**/* *.tar.* *.tar *.tflite *.tgz *.wasm *.xz *.zip *.zst *tfevents*"
).split()
_LARGE_IN_DATASETS = (
    "*.lz4 *.mds *.pcm *.sam *.raw *.aac *.flac *.mp3 *.ogg *.wav *.bmp *.gif *.png *.tiff *.jpg "
    "*.jpeg *.webp *.mp4 *.webm"
).split()


def initial_files(repo_type: RepoType, license: str | None = None) -> dict[str, bytes]:
    patterns = _LARGE + (_LARGE_IN_DATASETS if repo_type == "dataset" else [])
    attributes = "".join(f"{pattern} filter=lfs diff=lfs merge=lfs -text\n" for pattern in patterns)
    files = {".gitattributes": attributes.encode()}
    if license is not None:
        files["README.md"] = f"---\nlicense: {license}\n---\n".encode()
    return files

"""``import hubdoi.record``: from here on, note which revisions this process loads.

>>> import hubdoi.record                                # doctest: +SKIP
>>> hubdoi.record.save("train.provenance.json")         # doctest: +SKIP
"""

from __future__ import annotations

import os
from pathlib import Path

from .provenance.recorder import recorder
from .provenance.recording import Recording, recorded

__all__ = ["recording", "save", "start", "stop"]

start = recorder.start
stop = recorder.stop


def recording() -> Recording:
    """What was recorded so far."""
    return recorded(recorder)


def save(path: str | os.PathLike[str]) -> Path:
    """Write what was recorded so far as a provenance file, whole or not at all."""
    import json

    from .citation.atomic import write_atomically

    file = Path(path)
    text = json.dumps(recording().to_json(), ensure_ascii=False, indent=2) + "\n"
    write_atomically(file, text.encode())
    return file


start()

"""JupyterLab with the executed quickstart, or the fresh one before the demo has run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
executed = ROOT / ".demo" / "quickstart.ipynb"
notebook = executed if executed.is_file() else ROOT / "notebooks" / "quickstart.ipynb"
os.chdir(ROOT)
words = ["jupyter", "lab", "--ServerApp.ip=127.0.0.1", str(notebook.relative_to(ROOT))]
if hasattr(os, "geteuid") and os.geteuid() == 0:
    words.append("--allow-root")
jupyter = Path(sys.executable).with_name("jupyter")
os.execv(jupyter, [*words, *sys.argv[1:]])  # nosec B606  # of this environment

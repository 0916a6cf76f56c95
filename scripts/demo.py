"""The main job, once: mint, regenerate and cite on the sandbox, in a real notebook with a real kernel."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from hubdoi.sandbox import Sandbox

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / ".demo"


def main() -> int:
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir()
    executed = PLACE / "quickstart.ipynb"
    notebook = nbformat.read(ROOT / "notebooks" / "quickstart.ipynb", as_version=4)
    with Sandbox(data=PLACE / "sandbox") as sandbox:
        print(f"The sandbox runs at {sandbox.endpoint}; nothing here leaves this machine.\n")
        os.environ["HUBDOI_SANDBOX_DATA"] = str(PLACE / "sandbox")
        failure = execute(notebook)
        nbformat.write(notebook, executed)
        if failure:
            print(f"\nThe notebook failed: {os.path.relpath(executed)}", file=sys.stderr)
            print(failure, file=sys.stderr)
            return 1
        print_result(sandbox)
    print(f"\nThe executed notebook: {os.path.relpath(executed)}")
    print("Open it in JupyterLab: make lab")
    return 0


def execute(notebook: Any) -> str | None:
    """Run the notebook cell by cell, telling what is done; the error if there is one."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(PLACE)}}
    )
    manager = client.create_kernel_manager()
    # Sockets in the file system: nobody else on this machine can listen in.
    manager.transport, manager.ip = "ipc", tempfile.mkdtemp(prefix="hubdoi-") + "/kernel"
    with client.setup_kernel():
        for number, cell in enumerate(cells, 1):
            first = shown(cell.source)
            print(f"[{number:2}/{len(cells)}] {first[:72]:<72}", end=" ", flush=True)
            began = time.perf_counter()
            try:
                client.execute_cell(cell, notebook.cells.index(cell))
            except CellExecutionError as error:
                print("failed")
                return str(error)
            print(f"{time.perf_counter() - began:5.1f} s")
    return None


def shown(source: str) -> str:
    """The line that says what a cell is about."""
    lines = [
        line
        for line in source.splitlines()
        if line and not line.startswith(("%load_ext", "import", "from"))
    ]
    return next((line for line in lines if "%doi" in line or "api." in line), lines[0]).strip()


def print_result(sandbox: Sandbox) -> None:
    from hubdoi import Client

    client = Client(sandbox.endpoint, sandbox.users["ada"])
    history = client.history("ada/tiny-bert")
    newest = history[0]
    print(f"\nDOI: {newest.doi}  (the sandbox's own; the version before it: {newest.previous})\n")
    print(str(client.cite(newest, format="bibtex")).strip())


if __name__ == "__main__":
    sys.exit(main())

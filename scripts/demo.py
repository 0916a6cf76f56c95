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

ROOT = Path(__file__).resolve().parent.parent
PLACE = Path(sys.argv[1]) if sys.argv[1:] else ROOT / ".demo"


def main() -> int:
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir()
    executed = PLACE / "quickstart.ipynb"
    notebook = nbformat.read(ROOT / "notebooks" / "quickstart.ipynb", as_version=4)
    print("The notebook starts a sandbox of its own; nothing here leaves this machine.\n")
    failure = execute(notebook)
    nbformat.write(notebook, executed)
    if failure:
        print(f"\nThe notebook failed: {os.path.relpath(executed)}", file=sys.stderr)
        print(failure, file=sys.stderr)
        return 1
    print_result(notebook)
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


def print_result(notebook: Any) -> None:
    """The history of the DOIs and the citation, as the notebook shows them."""
    for source in ("%doi history ada/tiny-bert", "%doi cite ada/tiny-bert"):
        cell = next(cell for cell in notebook.cells if cell.source.strip() == source)
        for output in cell.outputs:
            print(f"\n{output['data']['text/plain'].rstrip()}")


if __name__ == "__main__":
    sys.exit(main())

"""`hubdoi.uses` of 2,000 code cells, as a notebook and as a script, against reading and parsing them."""

from __future__ import annotations

import ast
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from .harness import Result, in_turn

CELLS = 2000
LOADING = 40
"""One cell in fifty loads something, which is more than notebooks do."""

_CELLS = (
    "import numpy as np\nimport pandas as pd\nimport matplotlib.pyplot as plt\nfrom pathlib import Path\n",
    "frame = pd.read_csv(Path('data') / 'run_{n}.csv')\nframe = frame[frame['loss'] < {n}]\nframe.describe()\n",
    "fig, ax = plt.subplots(figsize=(8, 4))\nfor column in frame.columns:\n    ax.plot(frame.index, frame[column], label=column)\nax.set_title('Run {n}')\nax.legend()\nplt.show()\n",
    "def step_{n}(batch, rate=0.{n}):\n    out = model(**batch)\n    loss = out.loss / len(batch['input_ids'])\n    loss.backward()\n    optimizer.step()\n    return {{'loss': float(loss), 'rate': rate, 'n': {n}}}\n",
    "results = []\nfor epoch in range({n}):\n    for batch in loader:\n        results.append(step(batch))\n    if epoch % 10 == 0:\n        print(f'{{epoch}}: {{results[-1][\"loss\"]:.3f}}')\n",
    "scores = {{name: np.mean([r['loss'] for r in rows]) for name, rows in grouped.items() if len(rows) > {n}}}\nsorted(scores.items(), key=lambda kv: kv[1])[:10]\n",
    "class Probe{n}:\n    def __init__(self, size):\n        self.size = size\n        self.weights = np.zeros((size, size))\n\n    def __call__(self, x):\n        return np.tanh(self.weights @ x) * {n}\n",
    "assert len(frame) > {n}, 'too few rows'\nframe.to_parquet('out/frame_{n}.parquet')\ndel frame\n",
)
_LOADING = (
    "from transformers import AutoModel\nmodel = AutoModel.from_pretrained('ada/tiny-bert-{n}', revision='main')\n",
    "from datasets import load_dataset\nname = 'ada/notes-{n}'\ndata = load_dataset(name, split='train')\n",
    "%pip install -q transformers\nfrom huggingface_hub import snapshot_download\nfolder = snapshot_download(repo_id='grace/corpus-{n}', repo_type='dataset')\n",
    "frame = pd.read_parquet('hf://datasets/ada/table-{n}/train.parquet')\n",
)


def notebook() -> dict[str, Any]:
    """2,000 code cells of everyday work, of which forty load a model or a dataset."""
    random = Random(1815)
    cells: list[dict[str, Any]] = []
    for number in range(CELLS):
        loads = number % (CELLS // LOADING) == 25
        source = random.choice(_LOADING if loads else _CELLS).format(n=number)
        if "%pip" not in source:
            ast.parse(source)
        cells.append(
            {
                "cell_type": "code",
                "execution_count": number,
                "id": f"{number:08x}",
                "metadata": {},
                "outputs": [
                    {"output_type": "stream", "name": "stdout", "text": ["loss: 0.1\n"] * 5}
                ],
                "source": source.splitlines(keepends=True),
            }
        )
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def script() -> str:
    """The same cells as one script."""
    sources = ("".join(cell["source"]) for cell in notebook()["cells"])
    return "\n".join(_python(source) for source in sources)


def _python(source: str) -> str:
    return "\n".join(line for line in source.split("\n") if line[:1] != "%")


@contextmanager
def _written(name: str, text: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(text, encoding="utf-8")
        yield path


def measure() -> list[Result]:
    import hubdoi

    results = []
    with _written("large.ipynb", json.dumps(notebook(), indent=1)) as path:

        def ours() -> None:
            assert len(list(hubdoi.uses(path))) == LOADING

        def theirs() -> None:
            for cell in json.loads(path.read_bytes())["cells"]:
                ast.parse(_python("".join(cell["source"])))

        compared = in_turn(ours, theirs)
        peer = "json.load and ast.parse"
        results.append(Result("scan", compared.ratio, "ratio", "<= 1.5", peer, compared.detail))
    with _written("large.py", script()) as path:

        def parsed() -> None:
            ast.parse(path.read_bytes())

        compared = in_turn(ours, parsed)
        results.append(
            Result("scan-py", compared.ratio, "ratio", "<= 2", "ast.parse", compared.detail)
        )
    return results


@contextmanager
def subject() -> Iterator[Callable[[], object]]:
    import hubdoi

    with _written("large.ipynb", json.dumps(notebook(), indent=1)) as path:
        yield lambda: hubdoi.uses(path)

"""`push_to_hub` of the libraries that people use, with their default settings, read back by them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hubdoi.sandbox import Sandbox
from tests.sandbox.hf_cli import environment

# The last line ends the process without the interpreter's own clean-up: a thread of Arrow that is
# still reading a stream ahead then aborts it now and then (apache/arrow issue 34314).
DATASETS = """
import os, datasets, pandas
rows = {"text": ["a", "b"] * 50, "n": list(range(100))}
pushed = datasets.DatasetDict(
    train=datasets.Dataset.from_dict(rows), test=datasets.Dataset.from_dict(rows)
)
pushed.push_to_hub("ada/pushed")
datasets.Dataset.from_dict(rows).push_to_hub("ada/pushed", config_name="more", private=False)
loaded = datasets.load_dataset("ada/pushed", split="test")
assert loaded["n"] == list(range(100)), loaded
assert sorted(datasets.get_dataset_config_names("ada/pushed")) == ["default", "more"]
streamed = datasets.load_dataset("ada/pushed", split="train", streaming=True)
assert next(iter(streamed)) == {"text": "a", "n": 0}
path = "hf://datasets/ada/pushed/data/train-00000-of-00001.parquet"
assert len(pandas.read_parquet(path)) == 100
os._exit(0)
"""

TRANSFORMERS = """
from tokenizers import Tokenizer, models
from transformers import AutoConfig, AutoTokenizer, BertConfig, PreTrainedTokenizerFast
BertConfig(hidden_size=16, num_attention_heads=2, num_hidden_layers=1).push_to_hub("ada/small")
words = Tokenizer(models.WordLevel({"[UNK]": 0, "engine": 1}, unk_token="[UNK]"))
PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]").push_to_hub("ada/small")
assert AutoConfig.from_pretrained("ada/small").hidden_size == 16
assert AutoTokenizer.from_pretrained("ada/small")("engine")["input_ids"] == [1]
try:
    AutoConfig.from_pretrained("ada/nothing")
except OSError as error:
    assert "not a valid model identifier" in str(error), error
else:
    raise AssertionError
"""

MIXIN = """
from pathlib import Path
from huggingface_hub import HfApi, ModelCard, ModelHubMixin
class Model(ModelHubMixin, library_name="ours", license="mit", tags=["tiny"]):
    def __init__(self, size=3): self.size = size
    def _save_pretrained(self, directory): (directory / "weights.bin").write_bytes(bytes(self.size))
    @classmethod
    def _from_pretrained(cls, *, model_id, size=3, **more): return cls(size)
Model(size=7).push_to_hub("ada/mixed")
assert Model.from_pretrained("ada/mixed").size == 7
assert ModelCard.load("ada/mixed").data.tags[-1] == "tiny"
folder = Path("many")
for number in range(30):
    file = folder / str(number % 3) / f"{number}.bin"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(bytes([number]) * 5000)
api = HfApi()
api.create_repo("ada/many", repo_type="dataset")
api.upload_folder(repo_id="ada/many", repo_type="dataset", folder_path=folder)
assert len(api.list_repo_files("ada/many", repo_type="dataset")) == 31
"""


@pytest.mark.parametrize(
    "program", [DATASETS, TRANSFORMERS, MIXIN], ids=["datasets", "transformers", "mixin"]
)
def test_push_and_read_back(sandbox: Sandbox, tmp_path: Path, program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(sandbox, tmp_path / "home"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]

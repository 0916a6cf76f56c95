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

# A model of `transformers` without torch: its own push, and its own look-up of the shards of a
# checkpoint. Each push happens twice, as a cell that runs again.
SHARDED = """
import json, os, numpy
from pathlib import Path
from huggingface_hub import HfApi, split_state_dict_into_shards_factory
from safetensors.numpy import load_file, save_file
from transformers import BertConfig
from transformers.utils.hub import PushToHubMixin, cached_file, get_checkpoint_shard_files
INDEX = "model.safetensors.index.json"
api = HfApi()
def split(tensors, limit):
    return split_state_dict_into_shards_factory(
        tensors, get_storage_size=lambda tensor: tensor.nbytes,
        filename_pattern="model{suffix}.safetensors", max_shard_size=limit)
class Model(PushToHubMixin):
    def __init__(self, seed, layers=6):
        rng = numpy.random.default_rng(seed)
        self.tensors = {f"layer.{n}": rng.normal(size=(32, 32)) for n in range(layers)}
    def save_pretrained(self, directory, max_shard_size):
        BertConfig(hidden_size=16, num_attention_heads=2).save_pretrained(directory)
        shards = split(self.tensors, max_shard_size)
        for name, keys in shards.filename_to_tensors.items():
            save_file({key: self.tensors[key] for key in keys}, Path(directory, name))
        if shards.is_sharded:
            index = {"metadata": shards.metadata, "weight_map": shards.tensor_to_filename}
            Path(directory, INDEX).write_text(json.dumps(index))
    def check(self, repo, **where):
        if INDEX in api.list_repo_files(repo, revision=where.get("revision")):
            index = cached_file(repo, INDEX, **where)
            paths, _ = get_checkpoint_shard_files(repo, index, **where)
            assert len(paths) > 1
        else:
            paths = [cached_file(repo, "model.safetensors", **where)]
        read = {name: array for path in paths for name, array in load_file(path).items()}
        assert read.keys() == self.tensors.keys()
        assert all((read[name] == array).all() for name, array in self.tensors.items())
def twice(model, repo, **options):
    return [model.push_to_hub(repo, **options) for _ in range(2)][-1]
first, second, third = Model(1), Model(2), Model(3)
twice(first, "ada/weights", tags=["tiny"])
first.check("ada/weights")
twice(second, "ada/weights", revision="next", commit_message="Train longer")
second.check("ada/weights", revision="next")
first.check("ada/weights")
twice(first, "ada/shards", max_shard_size="9KB", private=True)
first.check("ada/shards")
assert api.model_info("ada/shards").private
try:
    cached_file("ada/shards", INDEX, token=False, cache_dir="nobody")
except OSError as error:
    assert "not a valid model identifier" in str(error), error
else:
    raise AssertionError
proposed = twice(third, "ada/weights", create_pr=True)
third.check("ada/weights", revision=proposed.pr_revision)
api.merge_pull_request("ada/weights", proposed.pr_num)
third.check("ada/weights")
assert "tiny" in api.model_info("ada/weights").tags
# More than 10 MiB: a large file in any repository, whatever its name.
wide = Model(4)
wide.tensors["wide"] = numpy.zeros((1400, 1000))
twice(wide, "ada/wide")
wide.check("ada/wide")
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
    "program",
    [DATASETS, TRANSFORMERS, SHARDED, MIXIN],
    ids=["datasets", "transformers", "sharded", "mixin"],
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

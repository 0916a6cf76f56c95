import json
import struct

from hubdoi.records import Repo
from hubdoi.sandbox.seed import safetensors


def test_a_genuine_safetensors_file():
    content = safetensors({"a": (2, 3), "b": (1, 4)})
    (length,) = struct.unpack("<Q", content[:8])
    assert length % 8 == 0
    header = json.loads(content[8 : 8 + length])
    data = content[8 + length :]
    assert header["a"] == {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}
    assert header["b"]["data_offsets"] == [24, 40] == [24, len(data)]
    numbers = struct.unpack("<10f", data)
    assert len(set(numbers)) == 10
    assert all(-1 <= number < 1 for number in numbers)


def test_huggingface_hub_reads_its_header(demo):
    metadata = demo.hf_api().get_safetensors_metadata("ada/tiny-bert")
    assert metadata.parameter_count == {"F32": 384}


def test_what_is_in_it(demo):
    store = demo.world.store
    assert store.people.person("ada").full_name == "Ada Lovelace"
    assert store.people.person("grace").full_name == "Grace Hopper"
    assert store.people.owner("analytical-engine") == ("Analytical Engine", True)
    for name in ("ada", "grace"):
        assert store.people.person(name).organizations == ("analytical-engine",)
    assert store.info(Repo("dataset", "ada/notes"), None).license == "cc-by-4.0"
    assert store.info(Repo("model", "grace/secret-model"), store.people.person("grace")).private

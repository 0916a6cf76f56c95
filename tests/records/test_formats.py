from hubdoi.records.formats import formats_of, media_type


def test_formats():
    files = dict.fromkeys((".gitattributes", "a.CSV", "b.csv", "w.safetensors", "LICENSE"), ("", 0))
    assert formats_of(files) == (".safetensors", "text/csv")


def test_media_types_are_the_same_on_every_machine():
    assert media_type("README.md") == "text/markdown"
    assert media_type("data/train.parquet") == "application/vnd.apache.parquet"
    assert media_type("config.json") == "application/json"
    assert media_type("w.safetensors") is None

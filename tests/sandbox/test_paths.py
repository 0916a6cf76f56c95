import pytest

from hubdoi.sandbox.paths import check_path
from hubdoi.sandbox.refusal import Refusal


@pytest.mark.parametrize(
    "path",
    [
        "a",
        "a/b/c.txt",
        ".gitattributes",
        "ü/é.md",
        "a b/c",
        "..a",
        "a..",
        "a\\b",
        "\U0001f469\u200d\U0001f4bb.md",
        "no\u00a0break.md",
        "می\u200cخواهم.md",
    ],
)
def test_paths_inside_a_repository(path):
    assert check_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        1,
        "",
        "/etc/passwd",
        "..",
        "../a",
        "a/../b",
        "a/..",
        "./a",
        "a/./b",
        "a//b",
        "a/",
        "..\\a",
        "folder/..\\..\\file",
        "C:/a",
        "c:a",
        "a\0b",
        "a\nb",
        "a\u202eb",
        "a\u2066b",
        "a\x85b",
        "a\u2028b",
        "a\u200fb",
        "\ud800",
        ".git/config",
        "a/.GIT/hooks/x",
        "x" * 256,
        "/".join(["x" * 100] * 11),
        "/".join("x" * 102),
    ],
)
def test_paths_that_lead_elsewhere(path):
    with pytest.raises(Refusal) as caught:
        check_path(path)
    assert caught.value.status == 422

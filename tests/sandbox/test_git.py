from datetime import UTC, datetime

from hubdoi.sandbox.git import blob_id, commit_id, tree_body, tree_id


def test_ids_are_those_of_git():
    assert blob_id(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    c = tree_id(tree_body([("c.txt", blob_id(b"hi\n"))]))
    assert c == "25896496f6b0554bb044f093c679297b6edf5eb2"
    assert tree_id(tree_body([("b/", c)])) == "69c8a3a4454e996caff192fc33c25aeb34f4cd6f"
    assert (
        commit_id(
            tree="6aa4cc7024054ff008e110bc26f14ad7d3aed547",
            parent=None,
            author="Ada Lovelace",
            username="ada",
            moment=datetime.fromtimestamp(1795424400, UTC),
            message="first\n\nwhy",
        )
        == "2c3b3978d066c04a13c00880db128f577a13ff39"
    )


def test_a_name_cannot_add_a_field_to_a_commit():
    given = {"tree": tree_id(b""), "parent": None, "username": "ada", "message": "m"}
    moment = datetime.fromtimestamp(0, UTC)
    plain = commit_id(author="A B", moment=moment, **given)
    assert commit_id(author="A <\nB>", moment=moment, **given) == plain

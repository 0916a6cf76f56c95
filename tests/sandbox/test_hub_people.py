import pytest
from huggingface_hub.errors import HfHubHTTPError


def test_whoami(ada):
    me = ada.whoami()
    assert (me["type"], me["name"], me["fullname"]) == ("user", "ada", "Ada Lovelace")
    assert [(org["name"], org["fullname"]) for org in me["orgs"]] == [
        ("analytical-engine", "Analytical Engine")
    ]


def test_whoami_needs_a_token_that_is_known(http, demo):
    answer = http("GET", "/api/whoami-v2", user=None)
    assert answer.status_code == 401
    assert answer.headers["X-Error-Code"] == "SignInRequired"
    wrong = http("GET", "/api/whoami-v2", None, headers={"Authorization": "Bearer hf_wrong"})
    assert wrong.status_code == 401
    assert wrong.headers["X-Error-Message"] == "Invalid credentials in Authorization header"
    assert "hf_wrong" not in wrong.text
    with pytest.raises(HfHubHTTPError, match="Invalid user token"):
        demo.hf_api("ada").whoami(token="hf_" + "x" * 34)


def test_people_and_organisations(ada):
    assert ada.get_user_overview("grace").fullname == "Grace Hopper"
    assert ada.get_organization_overview("analytical-engine").fullname == "Analytical Engine"
    members = ada.list_organization_members("analytical-engine")
    assert [member.username for member in members] == ["ada", "grace"]
    for ask in (ada.get_user_overview, ada.get_organization_overview):
        with pytest.raises(HfHubHTTPError) as caught:
            ask("nobody-here")
        assert caught.value.response.status_code == 404

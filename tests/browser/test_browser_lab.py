"""What the other browser tests stand on."""

from __future__ import annotations

from dataclasses import replace
from urllib.error import HTTPError
from uuid import uuid4

import pytest

from tests.browser.browser_lab import Lab


def test_a_session_that_a_page_has_just_ended_needs_no_ending(lab: Lab) -> None:
    lab.end_session(str(uuid4()))
    with pytest.raises(HTTPError, match="403"):
        replace(lab, token="of-somebody-else").end_session(str(uuid4()))

"""Many clients at once on one sandbox; the long version of this is a benchmark."""

from __future__ import annotations

from pathlib import Path

from benchmarks.harness import served
from benchmarks.mint import plant
from benchmarks.soak import soak


def test_r08_twenty_clients_lose_and_double_nothing(tmp_path: Path) -> None:
    names = plant(tmp_path / "sandbox", 60)
    with served(tmp_path / "sandbox") as sandbox:
        found = soak(sandbox, names, clients=20, seconds=6)
    assert found.requests > 100 and len(found.minted) > 10
    assert found.failures == 0
    assert (found.lost, found.double) == (0, 0)
    assert set(found.statuses) <= {200, 201, 409}
    assert found.growth < 40

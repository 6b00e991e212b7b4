"""kill -9 at every fault point, alone and in schedules by chance: nothing lost, nothing out of order, doubled at most
once for each kill. Three gateways share one database, SQLite or PostgreSQL.

`FAULT_SCHEDULES` of them are played (20 by `make test`, 200 by `make faults`); a failure names its seed.
"""

import os
import random
from pathlib import Path

import pytest

from core.faults import POINTS
from core.store import Store
from tests.faults.rig import Zygote, rig

SCHEDULES = int(os.environ.get("FAULT_SCHEDULES", "20"))
ALWAYS = [point for point in POINTS if not point.startswith("spool")]


def schedule(seed: int) -> list[dict[str, dict[str, str]]]:
    """Return what kills each of three gateways: up to two points, each at a pass between the first and the eighth."""
    chance = random.Random(seed)
    return [
        {chance.choice(ALWAYS): {str(chance.randint(1, 8)): "kill"} for _ in range(chance.randint(1, 2))}
        for _ in range(3)
    ]


@pytest.mark.parametrize("point", ALWAYS)
def test_a_kill_at_each_point(zygote: Zygote, tmp_path: Path, real_store: Store, point: str) -> None:
    with rig(zygote, tmp_path, real_store, count=1, plans=[{point: {"2": "kill"}}]) as made:
        made.everybody_writes(2)
        made.check()
        assert made.kills == 1


@pytest.mark.parametrize("seed", range(SCHEDULES // 2))
def test_a_schedule_of_kills(zygote: Zygote, tmp_path: Path, real_store: Store, seed: int) -> None:
    with rig(zygote, tmp_path, real_store, seed=seed, plans=schedule(seed)) as made:
        made.everybody_writes(5)
        made.check()

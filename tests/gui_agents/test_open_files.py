import itertools

import pytest

from gui_agents.egress.proxy import MAX_CONNECTIONS_IN_ALL
from gui_agents.open_files import BASE, BROWSERS, FEWEST, PER_TASK, OpenFiles, shared_out


def test_with_enough_everyone_gets_what_is_configured():
    assert shared_out(hard=None, slots=5, sandboxes=0, grpc=1000, metrics=1000, overhead=64) == OpenFiles(
        5176, 1000, 1000
    )
    assert shared_out(hard=10**6, slots=5, sandboxes=0, grpc=100_000, metrics=0, overhead=64) == OpenFiles(
        103_112, 100_000, 0
    )


def test_sandboxes_get_theirs_too():
    assert shared_out(hard=None, slots=5, sandboxes=320, grpc=1000, metrics=0, overhead=64) == OpenFiles(4432, 1000, 0)


def test_what_is_only_spare_is_no_reason_to_take_less():
    assert shared_out(hard=2500, slots=5, sandboxes=0, grpc=1000, metrics=1000, overhead=64) == OpenFiles(
        2500, 1000, 1000
    )


@pytest.mark.parametrize("metrics", [0, 1000])
def test_below_a_low_limit_tasks_and_metrics_keep_their_part(metrics):
    ranges = (512, 1024, 1500), (1, 20), (0, 100), (10, 1000, 100_000)
    for hard, slots, sandboxes, grpc in itertools.product(*ranges):
        files = shared_out(hard=hard, slots=slots, sandboxes=sandboxes, grpc=grpc, metrics=metrics, overhead=64)
        needed = BASE + PER_TASK * slots + sandboxes + (64 if metrics else 0)
        assert files.grpc + files.metrics + needed <= hard
        assert files.grpc >= min(grpc, FEWEST)
        assert files.metrics >= min(metrics, FEWEST)


def test_there_is_a_service_below_any_limit():
    assert shared_out(hard=64, slots=5, sandboxes=0, grpc=1000, metrics=1000, overhead=64) == OpenFiles(
        5176, FEWEST, FEWEST
    )


def test_each_connection_of_browsers_has_its_two_descriptors():
    assert 2 * MAX_CONNECTIONS_IN_ALL == BROWSERS

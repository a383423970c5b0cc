import pytest

from gui_agents.domain.sandbox import SandboxEnd, SandboxStart, SandboxType
from gui_agents.state.sandbox_stats import SandboxStats


@pytest.fixture
def stats():
    return SandboxStats()


def test_what_an_earlier_service_left_behind_is_none_of_those_that_were_created(stats):
    stats.created(SandboxType.BROWSER)
    stats.ended(SandboxType.BROWSER, SandboxEnd.KILLED)
    stats.swept(SandboxType.BROWSER, 3)
    sandboxes = stats.statistics()
    assert (sandboxes.created["Browser"], sandboxes.open["Browser"]) == (1, 0)
    assert {key: count for key, count in sandboxes.ended.items() if count} == {
        ("Browser", "killed"): 1,
        ("Browser", "swept"): 3,
    }


def test_opening_times_are_native_histograms_too_if_asked_for():
    assert SandboxStats(native=True).statistics().openings["Linux", "cold"].native is not None


def test_the_opening_times_of_a_type_have_all_starts_before_a_task_can_have_one_that_was_not_cold(stats):
    assert set(stats.statistics().openings) == {(kind, "cold") for kind in SandboxType}
    stats.created(SandboxType.LINUX)
    openings = stats.statistics().openings
    assert {start for kind, start in openings if kind == "Linux"} == set(SandboxStart)
    assert {start for kind, start in openings if kind == "Browser"} == {"cold"}
    assert sum(point.count for point in openings.values()) == 0


def test_a_sandbox_that_was_kept_elsewhere_has_an_opening_time(stats):
    stats.given(SandboxType.WINDOWS, SandboxStart.KEPT, 0.5, "t", 0.0)
    assert stats.statistics().openings["Windows", "kept"].count == 1

"""Why a sandbox ends, in words."""

import pytest

from gui_agents.domain.sandbox import SandboxEnd, SandboxError, SandboxGoneError
from gui_agents.tasks.departure import Departure, told


@pytest.mark.parametrize(
    ("error", "reason", "why"),
    [
        (SandboxGoneError("killed for memory", SandboxEnd.OUT_OF_MEMORY), "out_of_memory", "killed for memory"),
        (SandboxGoneError("its program ended"), "crashed", "its program ended"),
        (SandboxError("no answer"), "unreachable", "no answer"),
        (TimeoutError(), "unreachable", "TimeoutError"),
    ],
)
def test_an_error_tells_why_its_sandbox_ends(error, reason, why):
    assert Departure.of(error) == Departure(SandboxEnd(reason), why)


@pytest.mark.parametrize("reason", SandboxEnd)
def test_only_what_nobody_has_asked_for_is_a_death(reason):
    deaths = {"crashed", "out_of_memory", "killed", "unreachable"}
    assert Departure(reason, "why").is_death == (reason in deaths)


@pytest.mark.parametrize("reason", SandboxEnd)
def test_every_death_comes_with_what_a_reader_can_do(reason):
    text = told(SandboxGoneError("the browser was ended", reason))
    assert text.startswith("the browser was ended")
    assert ("; " in text) == Departure(reason, "").is_death


def test_what_is_not_gone_is_told_as_it_is():
    assert told(SandboxError("there is no display; set DISPLAY")) == "there is no display; set DISPLAY"

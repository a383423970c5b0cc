"""Every configurable backend can be made, and nothing else."""

import pytest

from gui_agents.config import BACKENDS, LATER_BACKENDS
from gui_agents.domain.errors import InvalidFieldError, PreconditionError
from gui_agents.sandboxes.registry import SandboxFactory
from tests.fakes import a_spec


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_backend_is_made_anew_for_each_task(backend):
    factory = SandboxFactory()
    factory.check(backend)
    first, second = factory.create(a_spec(backend=backend)), factory.create(a_spec(backend=backend))
    assert first.sandbox_id != second.sandbox_id
    assert first.sandbox_type == "Simulated"


@pytest.mark.parametrize("backend", LATER_BACKENDS)
def test_a_known_backend_that_cannot_run_here_is_told_from_an_unknown_one(backend):
    with pytest.raises(PreconditionError, match=f"runningConfig.backend: {backend} is not part of this version"):
        SandboxFactory().check(backend, "runningConfig.backend")


@pytest.mark.parametrize("backend", ["", "Simulated", "x11\n", "\U0001f600" * 500])
def test_an_unknown_backend_is_refused_with_the_known_ones(backend):
    with pytest.raises(InvalidFieldError) as refusal:
        SandboxFactory().check(backend, "commonConfig.backend")
    assert refusal.value.field == "commonConfig.backend"
    assert str(refusal.value).endswith("is none of: simulated")
    assert len(str(refusal.value)) < 200

"""What sandboxes say of themselves."""

import pytest

from gui_agents.domain.sandbox import SandboxError, SandboxInfo, SandboxType
from gui_agents.tasks.identity import info_of, type_of
from tests.fakes import ScriptedSandbox


class Broken(ScriptedSandbox):
    @property
    def sandbox_type(self):
        raise RuntimeError("broken")

    @sandbox_type.setter
    def sandbox_type(self, value):
        pass


def test_a_sandbox_says_its_id_and_its_type():
    sandbox = ScriptedSandbox(sandbox_id="one", sandbox_type="Browser")
    assert info_of(sandbox) == SandboxInfo("one", SandboxType.BROWSER)
    assert type_of(sandbox) is SandboxType.BROWSER


@pytest.mark.parametrize("sandbox", [Broken(), ScriptedSandbox(sandbox_type="Toaster")], ids=["raises", "unknown"])
def test_a_type_that_nobody_knows_is_none(sandbox):
    assert type_of(sandbox) is None
    with pytest.raises(SandboxError, match="does not say what it is"):
        info_of(sandbox)

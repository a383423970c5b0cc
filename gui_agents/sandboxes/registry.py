"""Makes the sandbox that a task asks for."""

from collections.abc import Callable, Mapping
from typing import Final

from gui_agents.config import BACKENDS, LATER_BACKENDS
from gui_agents.domain.errors import InvalidFieldError, PreconditionError
from gui_agents.domain.sandbox import Sandbox
from gui_agents.domain.spec import TaskSpec
from gui_agents.simulated import SimulatedSandbox

_MAKERS: Final[Mapping[str, Callable[[], Sandbox]]] = {"simulated": SimulatedSandbox}


class SandboxFactory:
    """Knows every backend, and makes its sandboxes."""

    def check(self, backend: str, field: str = "backend") -> None:
        """Check that a backend can be used, which `field` of a request names.

        Raises:
            InvalidFieldError: nobody knows it.
            PreconditionError: it is known, but cannot run here.
        """
        if backend in LATER_BACKENDS:
            known = ", ".join(BACKENDS)
            raise PreconditionError(f"{field}: {backend} is not part of this version of gui-agents; use {known}")
        if backend not in _MAKERS:
            raise InvalidFieldError(field, f"{backend!r:.80} is none of: {', '.join(BACKENDS)}")

    def create(self, spec: TaskSpec) -> Sandbox:
        """Return a new sandbox, which is not open yet, for a task whose backend was checked."""
        return _MAKERS[spec.backend]()

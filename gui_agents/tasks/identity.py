"""What a sandbox says of itself, which may be wrong: whatever a broken one raises or answers ends nothing here."""

from gui_agents.domain.sandbox import Sandbox, SandboxError, SandboxInfo, SandboxType, Shaped


def type_of(sandbox: Sandbox) -> SandboxType | None:
    """Return the type of a sandbox; None if it names none that is known."""
    try:
        return SandboxType(sandbox.sandbox_type)
    except Exception:  # noqa: BLE001 - whatever a broken sandbox raises
        return None


def info_of(sandbox: Sandbox) -> SandboxInfo:
    """Return what is known of a sandbox.

    Raises:
        SandboxError: it names no type that is known.
    """
    sandbox_type = type_of(sandbox)
    if sandbox_type is None:
        raise SandboxError("the sandbox does not say what it is")
    shape = sandbox.shape if isinstance(sandbox, Shaped) else ""
    return SandboxInfo(sandbox.sandbox_id, sandbox_type, shape)

"""What a task asks of a cloud that runs sandboxes: the account, and the kind of sandbox."""

import re
from collections.abc import Mapping
from typing import Final

import attrs

from gui_agents.domain.sandbox import SandboxType
from gui_agents.domain.secret import FORGOTTEN, Secret

PLATFORMS: Final[Mapping[str, SandboxType]] = {
    "windows": SandboxType.WINDOWS,
    "linux": SandboxType.LINUX,
    "ubuntu": SandboxType.LINUX,
    "debian": SandboxType.LINUX,
    "android": SandboxType.ANDROID,
}
"""What users write as `platform`, in small letters -> the system of a sandbox."""

_ID: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,127}")


def id_problem(text: str) -> str | None:
    """Return why a text can be no id of a cloud's thing, which becomes a part of a URL's path; None if it can."""
    if _ID.fullmatch(text):
        return None
    return "must have 1 to 128 letters, digits and _ . : -, and begin with none of the last three"


@attrs.frozen
class Authorization:
    """The account of a cloud, as one layer (request, global configuration, environment) names it."""

    organization: str
    api_key: Secret | None
    endpoint: str | None = None


@attrs.frozen(kw_only=True)
class Account:
    """An account at a cloud, and the endpoint that it is used at."""

    organization: str
    api_key: Secret
    base_url: str
    configured: bool
    """Whether the operator has configured the endpoint, so that its address is not checked."""
    of_operator: bool
    """Whether it is the operator's own account."""
    named_by: str
    """What a user changes to change the endpoint: a variable, or a field of the request."""

    def without_key(self) -> "Account":
        """Return the account without its key."""
        return attrs.evolve(self, api_key=FORGOTTEN)


@attrs.frozen(kw_only=True)
class SandboxKind:
    """What a sandbox must be. None and empty texts leave it open."""

    shape: str = ""
    """The cloud's name for a kind of sandbox."""
    os: SandboxType | None = None
    virtualization: str = ""
    architecture: str = ""
    hardware_encoding: bool = False

    @property
    def is_open(self) -> bool:
        """Whether any sandbox will do."""
        return self == SandboxKind()


@attrs.frozen(kw_only=True)
class CloudOrder:
    """The sandbox that a task asks a cloud for."""

    account: Account
    kind: SandboxKind

    def without_key(self) -> "CloudOrder":
        """Return the order without the account's key."""
        return attrs.evolve(self, account=self.account.without_key())


@attrs.frozen(kw_only=True)
class CloudWish:
    """What a request and the global configuration say of a sandbox in a cloud."""

    request: Authorization | None = None
    global_: Authorization | None = None
    kind: SandboxKind = SandboxKind()
    platform: str = ""
    """The system, as `runningConfig.platform` spells it; heeded if `kind` and the id say nothing of it."""
    sandbox_id: str = ""

    @property
    def heeds_platform(self) -> bool:
        """Whether the platform says of which system the sandbox is: nothing else does, and it is a known one."""
        return self.kind.is_open and not self.sandbox_id and self.platform.lower() in PLATFORMS

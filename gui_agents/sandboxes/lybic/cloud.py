"""What the sandboxes of Lybic of one service share; and what is left of those of a service that was killed."""

from collections.abc import Mapping
from typing import Any, Final

from gui_agents.config import LybicConfig
from gui_agents.domain.cloud import Account
from gui_agents.domain.packages import OptionalPackage
from gui_agents.domain.sandbox import SandboxError, SandboxType
from gui_agents.http.addresses import EndpointPolicy
from gui_agents.http.clients import HTTPClients
from gui_agents.jail.supervisor import Note, Supervisor
from gui_agents.sandboxes.lybic.api import LybicAPI, Patience
from gui_agents.sandboxes.lybic.failures import FailedCallError
from gui_agents.sandboxes.lybic.pictures import Pictures
from gui_agents.threads import Threads

LIBRARY: Final = OptionalPackage("httpcore2", extra="models", purpose="sandboxes of Lybic")
NOTE: Final = "lybic"
"""The kind of our notes."""
MAX_DECODING: Final = 2
"""Pictures that are decoded at once."""


class Cloud:
    """Makes what one sandbox needs. One instance serves one event loop."""

    def __init__(
        self, config: LybicConfig, policy: EndpointPolicy, supervisor: Supervisor, patience: Patience | None = None
    ) -> None:
        self.config = config
        self._policy = policy
        self._supervisor = supervisor
        self._patience = patience or Patience(timeout_seconds=config.lybic_timeout_seconds)
        # A life is extended beside whatever the task is doing.
        self._http = HTTPClients(LIBRARY, "Lybic's endpoint", connections=2)
        self._pictures = HTTPClients(LIBRARY, "the host")
        self._decoding = Threads("lybic-pictures", MAX_DECODING)
        supervisor.sweepers[NOTE] = self.swept

    async def api(self, account: Account) -> LybicAPI:
        """Return a new client of the API; whoever asked for it closes it.

        Raises:
            PreconditionError: the HTTP library is not installed.
            ProxyError: the environment names a proxy that cannot be used.
        """
        policy = None if account.configured else self._policy
        client = await self._http.client(account.base_url, policy, account.named_by)
        return LybicAPI(client, account, self._patience)

    def pictures(self, account: Account) -> Pictures:
        """Return what downloads the pictures of one sandbox."""
        seconds = self._patience.timeout_seconds
        return Pictures(self._pictures.client, account, self._policy, self._decoding, seconds)

    def note(self, account: Account, name: str) -> Note | None:
        """Write down a sandbox before it is made; one of a client's account is not, because no key is stored.

        Raises:
            SandboxError: that failed.
        """
        if not account.of_operator:
            return None
        return self._supervisor.note(
            NOTE, {"organization": account.organization, "base_url": account.base_url, "name": name}
        )

    async def swept(self, note: Mapping[str, Any]) -> SandboxType | None:
        """Delete the sandbox of a note. Return its type; None if there is none.

        Raises:
            SandboxError: that cannot be done.
        """
        account = self._own_account()
        noted = (note.get("organization"), note.get("base_url"))
        if account is None or noted != (account.organization, account.base_url):
            raise SandboxError(
                f"the sandbox {note.get('name')} of Lybic cannot be deleted: it was made with another account than "
                "LYBIC_ORG_ID and LYBIC_API_KEY name now; it ends by itself within a day"
            )
        found = None
        try:
            api = await self.api(account)
            try:
                for sandbox_id in await api.named(str(note.get("name"))):
                    found = (await api.sandbox(sandbox_id)).os or SandboxType.LINUX
                    await api.delete(sandbox_id)
            finally:
                await api.close()
        except FailedCallError as failed:
            raise SandboxError(f"the sandbox {note.get('name')} of Lybic cannot be deleted: {failed}") from failed
        return found

    def _own_account(self) -> Account | None:
        config = self.config
        if config.lybic_org_id is None or config.lybic_api_key is None:
            return None
        return Account(
            organization=config.lybic_org_id,
            api_key=config.lybic_api_key,
            base_url=config.lybic_address.rstrip("/"),
            configured=True,
            of_operator=True,
            named_by="LYBIC_API_ENDPOINT",
        )

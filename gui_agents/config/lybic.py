"""The settings of Lybic's cloud. The section of sandboxes has them too."""

from typing import Final

import attrs

from gui_agents.config import parsers
from gui_agents.config.setting import setting
from gui_agents.domain.secret import Secret

MAX_LIFE_SECONDS: Final = 86_400
"""That Lybic grants a sandbox at once."""
MIN_LIFE_SECONDS: Final = 60
DEFAULT_ENDPOINT: Final = "https://api.lybic.cn"


@attrs.frozen(kw_only=True)
class LybicConfig:
    """The operator's account at Lybic, and the sandboxes there."""

    lybic_org_id: str | None = setting(
        "LYBIC_ORG_ID", parsers.cloud_id, None, "Organization of the Lybic account for requests that bring none."
    )
    lybic_api_key: Secret | None = setting(
        "LYBIC_API_KEY", parsers.key, None, "Key of that account; it is sent to LYBIC_API_ENDPOINT only."
    )
    lybic_api_endpoint: str | None = setting(
        "LYBIC_API_ENDPOINT", parsers.address, None, f"Endpoint of Lybic; {DEFAULT_ENDPOINT} unless set."
    )
    lybic_endpoint_url: str | None = setting(
        "LYBIC_ENDPOINT_URL", parsers.address, None, "The same as LYBIC_API_ENDPOINT, which goes before it."
    )
    lybic_endpoint_allow: tuple[str, ...] = setting(
        "LYBIC_ENDPOINT_ALLOW",
        parsers.hosts,
        "",
        "Hosts, addresses and networks, besides public ones, that clients may name as Lybic's endpoint and that "
        "pictures of screens may come from; separated by commas.",
    )
    lybic_shape: str = setting(
        "LYBIC_SHAPE",
        parsers.cloud_id,
        "beijing-2c-4g-cpu",
        "Shape of a sandbox of Lybic where a request says nothing of its kind.",
    )
    lybic_max_life_seconds: int = setting(
        "LYBIC_MAX_LIFE_SECONDS",
        parsers.integer(MIN_LIFE_SECONDS, MAX_LIFE_SECONDS),
        str(MAX_LIFE_SECONDS),
        "Longest life that is asked for at once; a sandbox that is in use is extended before it ends.",
    )
    lybic_timeout_seconds: float = setting(
        "LYBIC_TIMEOUT_SECONDS", parsers.seconds(0.1, 600), "30", "Seconds that one call to Lybic may take."
    )

    @property
    def lybic_address(self) -> str:
        """The endpoint of the operator's account."""
        return self.lybic_api_endpoint or self.lybic_endpoint_url or DEFAULT_ENDPOINT

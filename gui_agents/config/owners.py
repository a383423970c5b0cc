"""What each owner may use where its token says nothing else; without tokens, all callers are one owner."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import attrs

from gui_agents.config import parsers
from gui_agents.config.setting import setting
from gui_agents.domain.access import Quotas

MOST: Final = 10**12


@attrs.frozen(kw_only=True)
class OwnersConfig:
    """The quotas of owners; see docs/access.md."""

    running: int | None = setting(
        "OWNER_MAX_RUNNING",
        parsers.integer(1, MOST),
        None,
        "Tasks of one owner that run at once; further ones wait, and others pass them. No limit unless set.",
    )
    queued: int | None = setting(
        "OWNER_MAX_QUEUED", parsers.integer(0, MOST), None, "Tasks of one owner that may wait; no limit unless set."
    )
    requests: int | None = setting(
        "OWNER_REQUESTS_PER_MINUTE",
        parsers.integer(1, MOST),
        None,
        "Calls that one owner may make in a minute; no limit unless set.",
    )
    cost: Mapping[str, Decimal] = setting(
        "OWNER_DAILY_MAX_COST",
        parsers.amounts,
        "",
        "Money that the tasks of one owner may spend on one day (UTC), such as 5 USD, 30 CNY; no limit unless set.",
    )
    connections: int | None = setting(
        "OWNER_MAX_CONNECTIONS",
        parsers.integer(1, MOST),
        None,
        "Connections over which one owner may have calls open at once; no limit unless set.",
    )
    streams: int | None = setting(
        "OWNER_MAX_STREAMS",
        parsers.integer(0, MOST),
        None,
        "Streaming calls that one owner may have open at once; no limit unless set.",
    )
    subscribers: int | None = setting(
        "OWNER_MAX_SUBSCRIBERS",
        parsers.integer(0, MOST),
        None,
        "Streaming calls of one owner that may follow the same task; no limit unless set.",
    )
    bytes: int | None = setting(
        "OWNER_MAX_BYTES",
        parsers.integer(1, MOST),
        None,
        "Bytes that the texts of one owner's tasks may take in memory; its oldest ended ones go first. No limit unless "
        "set.",
    )

    def quotas(self) -> Quotas:
        """Return them as quotas."""
        return Quotas(**attrs.asdict(self, recurse=False))

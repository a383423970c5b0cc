"""The web configuration of the endpoint: whether what the file says is in use. Shown only if there is one."""

from typing import Final, Protocol

from collectors.metrics.definitions import Section, gauge

WEB_CONFIG: Final = "web_config"
"""The name of the section, and the one by which PROMETHEUS_DISABLE switches both families off."""


class Reloads(Protocol):
    """What reads the file again when it changes."""

    @property
    def up_to_date(self) -> bool:
        """Whether the file as it stands is in use."""

    @property
    def read_at(self) -> float:
        """When it was last read with success, in seconds since the epoch."""


def section(reloads: Reloads | None) -> Section[Reloads]:
    """Return the section that reads from `reloads`; without them it only describes."""
    return Section(
        name=WEB_CONFIG,
        subject=reloads,
        metrics=(
            gauge(
                "agent_web_config_reload_success",
                "Whether the web configuration is in use as its files stand now: 1, or 0 if they could not be read or "
                "hold a mistake, and are tried again until they can be used. Absent without PROMETHEUS_WEB_CONFIG.",
                lambda reloads: int(reloads.up_to_date),
                example="min(agent_web_config_reload_success)",
                optional=True,
                switch=WEB_CONFIG,
                ratio=True,
            ),
            gauge(
                "agent_web_config_last_reload_timestamp_seconds",
                "Unix time when the web configuration was last read with success, at the start or after a change. "
                "Absent without PROMETHEUS_WEB_CONFIG.",
                lambda reloads: reloads.read_at,
                example="time() - agent_web_config_last_reload_timestamp_seconds",
                optional=True,
                switch=WEB_CONFIG,
            ),
        ),
    )

"""All metrics: the sections in the order in which they are read and shown."""

from collections.abc import Collection

from collectors.metrics import models, process, rpcs, sandboxes, service, storage, streams, tasks, web_config
from collectors.metrics.definitions import Section
from gui_agents.domain.errors import ConfigError


def sections(disabled: Collection[str] = (), reloads: web_config.Reloads | None = None) -> tuple[Section, ...]:
    """Return every section, without the optional families that `disabled` names.

    That of the web configuration is among them if there are `reloads` of one.

    Raises:
        ConfigError: `disabled` names what is no optional family.
    """
    everything: tuple[Section, ...] = (
        tasks.SECTION,
        rpcs.SECTION,
        models.SECTION,
        sandboxes.SECTION,
        streams.SECTION,
        storage.SECTION,
        service.SECTION,
        process.section(),
        *(() if reloads is None else (web_config.section(reloads),)),
    )
    known = switches((*everything, web_config.section(None)))
    unknown = [name for name in disabled if name not in known]
    if unknown:
        raise ConfigError(
            [f"PROMETHEUS_DISABLE names {name!r}, which is none of: {', '.join(sorted(known))}" for name in unknown]
        )
    return tuple(section.without(frozenset(disabled)) for section in everything)


def documented() -> tuple[Section, ...]:
    """Return every section that an endpoint can show; the last one only describes."""
    return (*sections(), web_config.section(None))


def switches(everything: Collection[Section]) -> frozenset[str]:
    """Return the names of all families that can be switched off."""
    return frozenset(metric.switch for section in everything for metric in section.metrics if metric.optional)

"""The service as a whole: its age, its event loop, its configuration."""

from collectors.metrics.definitions import Described, Metric, MetricType, Section, counter, gauge
from gui_agents.domain.spec import ConfigType
from gui_agents.snapshot import ServicePart, ServiceSnapshot


def uptime_seconds(service: ServicePart) -> float:
    """Return the seconds from the start to the last heartbeat, so that a loop that is blocked shows."""
    return service.heartbeat.last_monotonic_seconds - service.started_monotonic_seconds


def lag_seconds(snapshot: ServiceSnapshot) -> float:
    """Return how late the heartbeat is now."""
    return snapshot.service.heartbeat.lag_seconds(snapshot.taken_monotonic_seconds)


def blocked_seconds(snapshot: ServiceSnapshot) -> float:
    """Return all lateness so far, the present one included: a block counts while it lasts."""
    return snapshot.service.heartbeat.lateness_seconds + lag_seconds(snapshot)


def info(service: ServicePart) -> dict[str, str]:
    """Return what the service says of itself."""
    return {
        "version": service.info.version,
        "max_concurrent_tasks": str(service.info.max_concurrent_tasks),
        "log_level": service.info.log_level,
        "domain": service.info.domain,
    }


SECTION = Section[ServiceSnapshot](
    name="service",
    metrics=(
        gauge(
            "agent_service_uptime_seconds",
            "Seconds from the service's start to the last heartbeat of its event loop, which beats every 0.25 s.",
            lambda snapshot: uptime_seconds(snapshot.service),
            example="resets(agent_service_uptime_seconds[15m])",
        ),
        counter(
            "agent_config_updates_total",
            "Successful changes of the global configuration since the start, by what was changed.",
            lambda snapshot: snapshot.service.config_updates,
            labels={"config_type": ConfigType},
            example="sum by (config_type) (increase(agent_config_updates_total[1h]))",
        ),
        Metric(
            name="agent_service_info",
            type=MetricType.INFO,
            help="Version and limits of the service, as labels; the value is always 1.",
            labels={
                "version": Described("of the package"),
                "max_concurrent_tasks": Described("TASK_MAX_TASKS"),
                "log_level": Described("LOG_LEVEL"),
                "domain": Described("the domain that the service names to its clients"),
            },
            read=lambda snapshot: info(snapshot.service),
            example="count by (version) (agent_service_info)",
        ),
        gauge(
            "agent_temp_files_count",
            "Files below the runtime directory, those of earlier runs included, as of the last count, "
            "which is at most 15 s old.",
            lambda snapshot: snapshot.service.runtime_files,
            example="max(agent_temp_files_count)",
        ),
        gauge(
            "agent_event_loop_lag_seconds",
            "Seconds that the event loop's heartbeat is late now; grows while the loop is blocked.",
            lag_seconds,
            example="max(agent_event_loop_lag_seconds)",
            optional=True,
        ),
        counter(
            "agent_event_loop_blocked_seconds_total",
            "Seconds that the event loop's heartbeats have been late since the start, the present lateness included.",
            blocked_seconds,
            example="rate(agent_event_loop_blocked_seconds_total[1m])",
            optional=True,
        ),
    ),
)

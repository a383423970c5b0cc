"""Streams: the logs of the tasks' messages, and who reads them."""

from collectors.metrics.definitions import Section, counter, gauge
from gui_agents.snapshot import ServiceSnapshot

SECTION = Section[ServiceSnapshot](
    name="streams",
    metrics=(
        gauge(
            "agent_stream_manager_tasks",
            "Tasks that the stream manager keeps a log for now.",
            lambda snapshot: snapshot.streams.logs,
            example="sum(agent_stream_manager_tasks)",
        ),
        gauge(
            "agent_stream_subscribers",
            "Subscribers of the tasks' streams now.",
            lambda snapshot: snapshot.streams.subscribers,
            example="sum(agent_stream_subscribers)",
            optional=True,
        ),
        counter(
            "agent_stream_messages_total",
            "Messages since the start that tasks have published.",
            lambda snapshot: snapshot.streams.messages,
            example="sum(rate(agent_stream_messages_total[5m]))",
            optional=True,
        ),
        counter(
            "agent_stream_messages_skipped_total",
            "Messages since the start that were skipped for a subscriber that was too slow.",
            lambda snapshot: snapshot.streams.skipped,
            example="sum(increase(agent_stream_messages_skipped_total[5m]))",
            optional=True,
        ),
    ),
)

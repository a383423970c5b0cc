import pytest

from tools.checks.inline_code import check_inline
from tools.checks.shapes import Shape

RECORDED = {"job:agent_tasks_active:sum": Shape(frozenset({"job"}), {"job": "gui_agents"})}


def findings(text):
    return list(check_inline(text, RECORDED))


@pytest.mark.parametrize(
    "code",
    [
        "rate(agent_event_loop_blocked_seconds_total[1m])",
        "rate(process_cpu_seconds_total[1m])",
        "agent_task_slots -\n   on (job, instance) agent_tasks_retained",
        'agent_model_requests_total{outcome="timeout"}',
        "agent_model_request_duration_seconds",
        "job:agent_tasks_active:sum",
        "job:agent_tasks_active:sum > 3",
        "agent_gave_up",
        "agent_",
        "sum by (instance) (…)",
        "name[]",
        "df -h",
        'job="gui_agents"',
        "curl -w '%{time_total}\\n' http://HOST:8000/metrics | head",
        "prometheus_notifications_dropped_total",
        "main()",
    ],
)
def test_what_exists_and_what_is_no_query_has_no_findings(code):
    assert findings(f"Look at `{code}` first.") == []


@pytest.mark.parametrize(
    ("code", "line", "reason"),
    [
        (
            "rate(agent_event_loop_bloked_seconds_total[1m])",
            7,
            "unknown metric agent_event_loop_bloked_seconds_total; is agent_event_loop_blocked_seconds_total meant?",
        ),
        (
            "rate(proces_cpu_seconds_total[1m])",
            7,
            "unknown metric proces_cpu_seconds_total; is process_cpu_seconds_total meant?",
        ),
        ("agent_task_slot", 7, "unknown metric agent_task_slot; is agent_task_slots meant?"),
        (
            "job:agent_task_active:sum",
            7,
            "unknown metric job:agent_task_active:sum; is job:agent_tasks_active:sum meant?",
        ),
        (
            'agent_model_requests_total{outcom="timeout"}',
            7,
            "agent_model_requests_total has no label outcom; is outcome meant?",
        ),
        ("sum(agent_tasks_created_total)", 7, "agent_tasks_created_total is a counter; it only makes sense under rate"),
        ("rate(agent_tasks_created_total[5m)", 7, "does not parse: "),
        ("agent_tasks_active -\n  agent_task_slot{}", 7, "unknown metric agent_task_slot; is "),
    ],
)
def test_a_mistake_is_found_at_its_line(code, line, reason):
    ((at, told),) = findings(f"# Page\n\n```sh\ncurl agent_nothing\n```\n\nSee `{code}`.\n")
    assert (at, told[: len(reason)]) == (line, reason)


def test_code_within_a_block_is_no_inline_code():
    assert findings("```sh\necho `agent_nothing`\n```\n\n1. And\n\n   ```sh\n   `agent_nothing`\n   ```\n") == []

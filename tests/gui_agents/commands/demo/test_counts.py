from gui_agents.client import Statistics, TaskReport
from gui_agents.commands.demo.counts import Counts, Entry, samples
from gui_agents.domain.lifecycle import TaskStatus

PAGE = """\
# HELP agent_tasks_active Tasks that hold a slot now
# TYPE agent_tasks_active gauge
agent_tasks_active 0.0
agent_tasks_created_total{status="pending"} 3.0

agent_task_latency_seconds{quantile="0.5"} NaN
agent_sandbox_created_total{sandbox_type="Two words"} 1e+06
"""


def report(status: TaskStatus) -> TaskReport:
    return TaskReport("id", status, "", "", Statistics(2, 1, 30, 12, 42, 0.0, "$"))


def counts() -> Counts:
    kept = Counts(steps=6)
    for status in (TaskStatus.COMPLETED, TaskStatus.COMPLETED, TaskStatus.FAILED):
        kept.ended(report(status))
    kept.calls["QueryTaskStatus"] += 3
    return kept


def test_samples_are_known_by_name_and_labels():
    read = samples(PAGE)
    assert read["agent_tasks_active"] == 0.0
    assert read['agent_tasks_created_total{status="pending"}'] == 3.0
    assert read['agent_sandbox_created_total{sandbox_type="Two words"}'] == 1_000_000.0
    assert len(read) == 4


def test_the_counts_are_what_metrics_must_show():
    told = dict(counts().expected())
    assert told['agent_tasks_created_total{status="pending"}'] == 3
    assert told['agent_tasks_created_total{status="completed"}'] == 2
    assert told['agent_tasks_created_total{status="failed"}'] == 1
    assert told["agent_task_success_rate"] == 2 / 3
    assert told["agent_proxy_steps_total"] == 6
    assert told['agent_tokens_consumed_total{type="total"}'] == 126
    assert told['agent_grpc_requests_total{method="QueryTaskStatus"}'] == 3


def test_without_an_ended_task_there_is_no_success_rate():
    assert "agent_task_success_rate" not in dict(Counts().expected())


def test_a_page_that_tells_the_same_is_equal_throughout():
    page = dict(counts().expected())
    assert all(entry.equal for entry in counts().compare(page))


def test_a_different_and_an_absent_sample_are_told():
    page = dict(counts().expected())
    page["agent_proxy_steps_total"] += 1
    del page["agent_task_steps_sum"]
    assert [entry for entry in counts().compare(page) if not entry.equal] == [
        Entry("agent_proxy_steps_total", 6, 7),
        Entry("agent_task_steps_sum", 6, None),
    ]

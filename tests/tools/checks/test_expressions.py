import pytest

from tools.checks.expressions import Checker
from tools.checks.shapes import Shape
from tools.vocabulary import known_series

JOB = 'job="gui_agents"'
RECORDED = {
    "job:ratio": Shape(frozenset({"job"}), {"job": "gui_agents"}, ratio=True),
    "job:p95": Shape(frozenset({"job"}), {"job": "gui_agents"}, largest_bucket=3600),
}


def problems(query):
    checker = Checker(known_series(), RECORDED)
    checker.shape(query.replace("JOB", JOB))
    return checker.problems


@pytest.mark.parametrize(
    "query",
    [
        (
            "sum by (job, method) (rate(agent_grpc_errors_total{JOB}[5m]))"
            " / (sum by (job, method) (rate(agent_grpc_requests_total{JOB}[5m])) > 0)"
        ),
        "up{JOB} == 1 unless on (job, instance) agent_service_info{JOB}",
        "agent_tasks_active{JOB} / agent_task_slots{JOB}",
        'agent_tasks{JOB,status="pending"} / on (job, instance) agent_task_queue_capacity{JOB}',
        "agent_tasks{JOB} / on (job, instance) group_left () agent_task_slots{JOB}",
        "histogram_quantile(0.95, sum by (le) (rate(agent_task_execution_duration_seconds_bucket{JOB}[5m]))) > 300",
        "job:ratio > 0.5 and on (job) job:p95 > 3",
        "1 - job:ratio < 0.7",
        "100 * job:ratio > 20",
        "job:ratio * on (job) job:ratio * on (job) job:p95 > 20",
        "job:ratio >= 0",
        "time() - agent_task_oldest_pending_timestamp_seconds{JOB} > 300",
        "absent(up{JOB})",
        "max_over_time(sum by (job) (rate(agent_grpc_requests_total{JOB}[5m]))[1h:1m])",
        "agent_tasks_active{JOB}[5m]",
        "resets(agent_service_uptime_seconds{JOB}[15m]) > 2",
        "min by (job) (agent_task_utilization{JOB}) >= 1",
        "topk(3, sum by (method) (increase(agent_grpc_requests_total{JOB}[1h])))",
        "sum without (instance) (agent_tasks_active{JOB})",
        "predict_linear(agent_memory_usage_bytes{JOB}[1h], 4 * 3600) > 4 * 1024 ^ 3",
        'agent_task_latency_seconds{JOB,quantile="0.95"}',
        "sum by (job) (agent_tasks_active{JOB}) or vector(0)",
    ],
)
def test_a_sound_query_has_no_problems(query):
    assert problems(query) == []


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("sum(", "does not parse: "),
        ("agent_task_active{JOB}", "unknown metric agent_task_active; is agent_tasks_active meant?"),
        ("agent_tasks_active", "agent_tasks_active has no matcher on job and mixes this service with others"),
        ('agent_tasks{JOB,state="running"}', "agent_tasks has no label state; is status meant?"),
        (
            'rate(agent_tasks_created_total{JOB,status=~"complete|failed"}[5m])',
            "agent_tasks_created_total has no status 'complete'; is completed meant?",
        ),
        ('rate(agent_grpc_requests_total{JOB,method="Query"}[5m])', "agent_grpc_requests_total has no method 'Query'"),
        (
            "agent_tasks_created_total{JOB} > 5",
            "agent_tasks_created_total is a counter; it only makes sense under rate(), increase() or resets()",
        ),
        (
            "delta(agent_grpc_requests_total{JOB}[5m])",
            "agent_grpc_requests_total is a counter; it only makes sense under rate(), increase() or resets()",
        ),
        ("rate(agent_tasks_active{JOB}[5m])", "agent_tasks_active is a gauge; rate() is for counters"),
        (
            "sum(rate(agent_tokens_consumed_total{JOB}[5m]))",
            "agent_tokens_consumed_total without a matcher on type counts twice: its values overlap",
        ),
        ("sum by (methd) (rate(agent_grpc_requests_total{JOB}[5m]))", "by (methd): no series here has a label methd"),
        (
            "sum by (method) (sum by (job) (rate(agent_grpc_requests_total{JOB}[5m])))",
            "by (method): there is no label method left here",
        ),
        (
            "sum by (method) (rate(agent_grpc_errors_total{JOB}[5m])) / rate(agent_grpc_requests_total{JOB}[5m])",
            "/: the right side has all labels of its targets, the left side is aggregated; add on (…)",
        ),
        (
            (
                "sum by (job, method) (rate(agent_grpc_errors_total{JOB}[5m]))"
                " / sum by (job) (rate(agent_grpc_requests_total{JOB}[5m]))"
            ),
            "/: the sides have different labels and never match: {job, method} and {job}",
        ),
        (
            (
                'rate(agent_tasks_created_total{JOB,status="failed"}[5m])'
                ' / rate(agent_tasks_created_total{JOB,status="completed"}[5m])'
            ),
            "/: the sides never match: status is 'failed' and 'completed'; add on (…)",
        ),
        (
            "agent_tasks{JOB} / on (job, instance) agent_task_slots{JOB}",
            (
                "/: on (instance, job): the left side has several series for each match, which differ in status; "
                "aggregate it"
            ),
        ),
        (
            "job:ratio and on (method) job:p95 > 3",
            "and: on (method): the left side has no label method",
        ),
        (
            "histogram_quantile(0.95, sum by (job) (rate(agent_task_steps_bucket{JOB}[5m])))",
            "histogram_quantile() needs the label le of its buckets; aggregate by (…, le)",
        ),
        (
            "histogram_quantile(0.9, sum by (le) (rate(agent_grpc_request_duration_seconds_bucket{JOB}[5m]))) > 10",
            "> 10 can never be true: the largest finite bucket is 10",
        ),
        ("job:p95 > 3600", "> 3600 can never be true: the largest finite bucket is 3600"),
        ("job:ratio > 1.44", "> 1.44 can never be true: its values lie from 0 to 1"),
        ("agent_task_utilization{JOB} > 1", "> 1 can never be true: its values lie from 0 to 1"),
        ("job:ratio >= 1.5", ">= 1.5 can never be true: its values lie from 0 to 1"),
        ("job:ratio < 0", "< 0 can never be true: its values lie from 0 to 1"),
        ("job:ratio <= -1", "<= -1 can never be true: its values lie from 0 to 1"),
        ("job:ratio > -1", "> -1 is always true: its values lie from 0 to 1"),
        ("1 - job:ratio < 7", "< 7 is always true: its values lie from 0 to 1"),
        (
            (
                "sum by (job) (rate(agent_grpc_errors_total{JOB}[5m]))"
                " / on (job) (sum by (job) (rate(agent_grpc_requests_total{JOB}[5m])) > 0) > 5"
            ),
            "> 5 can never be true: its values lie from 0 to 1",
        ),
    ],
)
def test_what_makes_a_query_lie_is_found(query, reason):
    assert [told[: len(reason)] for told in problems(query)] == [reason]

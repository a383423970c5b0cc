"""For every rule what makes it fire, and what comes close and must not: from these, promtool's tests are made."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from tests.collectors.operations.timelines import STALE, Phases, Signal, age, buckets, growth, level, sawtooth

INSTANCES: Final = ("a:8000", "b:8000", "c:8000")
HOUR: Final = 60
DAY: Final = 24 * HOUR
SHOWN: Final = "job, instance, method, provider, currency, section, long, short, severity"


@attrs.frozen(kw_only=True)
class Case:
    """One rule: what makes it fire and resolve, and what must leave it quiet."""

    alert: str
    severity: str
    signals: Sequence[Signal]
    """Of each instance."""
    phases: Phases
    hold: float
    """Minutes that the condition must last; before they have passed the alert is quiet."""
    rise: float = 0
    """Minutes until the condition is true, at most."""
    fall: float = 0
    """Minutes until the condition is false again, at most, and what the rule adds to that."""
    per_instance: bool = False
    """Whether one alert fires for each instance, or one for the job."""
    one_of_three_fires: bool = False
    """Of a rule for the job: whether one bad instance of three is enough."""
    labels: Mapping[str, str] = attrs.field(factory=dict)
    quiet: Mapping[str, Sequence[Signal]] = attrs.field(factory=dict)
    """What comes close: it is bad all the time, and nothing fires."""
    step: float = 1
    """Minutes between two samples, and two evaluations."""

    @property
    def key(self) -> str:
        """The rule, told apart from the other tiers of its objective."""
        return "-".join(part for part in (self.alert, self.labels.get("long")) if part)

    def tests(self) -> list[dict[str, Any]]:
        """Return promtool's tests: one instance, one bad one of three, three bad ones, and the quiet ones."""
        one, three = INSTANCES[:1], INSTANCES
        tests = [self._test("one instance", one, one, fires=True)]
        fires = self.per_instance or self.one_of_three_fires
        tests.append(self._test("one of three instances", three, three[1:2], fires=fires))
        tests.append(self._test("three instances", three, three, fires=True))
        tests.extend(self._quiet(name, signals) for name, signals in self.quiet.items())
        return tests

    def _test(self, name: str, instances: Sequence[str], bad: Sequence[str], *, fires: bool) -> dict[str, Any]:
        begin, recovered = self.phases.good, self.phases.good + self.phases.bad
        firing = self._firing(bad) if fires else []
        series = [
            signal.line(instance, self.step, self.phases.end, self.phases.is_bad if instance in bad else _never)
            for instance in instances
            for signal in self.signals
        ]
        expected = {
            begin - self.step: [],
            begin + self.hold - self.step: [],
            begin + self.rise + self.hold: firing,
            recovered - self.step: firing,
            recovered + self.fall: [],
            self.phases.end: [],
        }
        return self._assembled(name, series, expected)

    def _quiet(self, name: str, signals: Sequence[Signal]) -> dict[str, Any]:
        series = [
            signal.line(instance, self.step, self.phases.end, _always) for instance in INSTANCES for signal in signals
        ]
        times = (self.phases.good, self.phases.good + self.phases.bad, self.phases.end)
        return self._assembled(name, series, {time: [] for time in times})

    def _firing(self, bad: Sequence[str]) -> list[dict[str, Any]]:
        each = [{"instance": instance} for instance in bad] if self.per_instance else [{}]
        common = {"job": "gui_agents", "severity": self.severity, **self.labels}
        return [{"labels": _labels({**common, **labels}), "value": 1} for labels in each]

    def _assembled(
        self, name: str, series: list[dict[str, str]], expected: Mapping[float, list[dict[str, Any]]]
    ) -> dict[str, Any]:
        query = f'group by ({SHOWN}) (ALERTS{{alertname="{self.alert}",alertstate="firing"}})'
        return {
            "interval": _seconds(self.step),
            "name": f"{self.key}: {name}",
            "input_series": series,
            "promql_expr_test": [
                {"expr": query, "eval_time": _seconds(minute), "exp_samples": samples}
                for minute, samples in expected.items()
            ],
        }


def _never(_: float) -> bool:
    return False


def _always(_: float) -> bool:
    return True


def _seconds(minutes: float) -> str:
    return f"{round(minutes * 60)}s"


def _labels(labels: Mapping[str, str]) -> str:
    return "{" + ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items())) + "}"


def _brief(hold: float, **more: float) -> dict[str, Any]:
    """Phases of a rule on a gauge, whose condition follows its samples at once."""
    return {"phases": Phases(10, hold + 10, 20), "hold": hold, **more}


def _created(status: str, good: float, bad: float) -> Signal:
    return growth("agent_tasks_created_total", good, bad, f'status="{status}"')


def _requests(good: float, bad: float, method: str = "QueryTaskStatus") -> Signal:
    return growth("agent_grpc_requests_total", good, bad, f'method="{method}"')


def _errors(good: float, bad: float, code: str = "INTERNAL", method: str = "QueryTaskStatus") -> Signal:
    return growth("agent_grpc_errors_total", good, bad, f'method="{method}",status_code="{code}"')


def _limits(logs_bad: float) -> list[Signal]:
    return [
        level("agent_stream_manager_tasks", 100, logs_bad),
        level("agent_task_retention_limit", 1000, 1000),
        level("agent_task_slots", 5, 5),
        level("agent_task_queue_capacity", 100, 100),
    ]


def _kept(logs_bad: float) -> list[Signal]:
    return [
        level("agent_stream_manager_tasks", 13, logs_bad),
        level("agent_tasks_retained", 10, 10),
        level("agent_tasks", 1, 1, 'status="pending"'),
        level("agent_tasks", 2, 2, 'status="running"'),
    ]


def _outcomes(completed: float, failed: float) -> list[Signal]:
    return [_created("completed", 2, completed), _created("failed", 0.1, failed), _created("cancelled", 1, 1)]


UP: Final = level("up", 1, 1)
OLD: Final = growth("agent_service_uptime_seconds", 60, 60, start=7200)

AVAILABILITY: Final = (
    Case(alert="ServiceDown", severity="critical", signals=[level("up", 1, 0)], per_instance=True, **_brief(1)),
    Case(alert="AllInstancesDown", severity="critical", signals=[level("up", 1, 0)], **_brief(1)),
    Case(alert="TargetsMissing", severity="critical", signals=[level("up", 1, STALE)], **_brief(5)),
    Case(
        alert="MetricsAbsent",
        severity="warning",
        signals=[UP, level("agent_service_info", 1, STALE, 'version="1"')],
        per_instance=True,
        quiet={"a target that is down": [level("up", 0, 0)]},
        **_brief(5),
    ),
    Case(
        alert="Restarting",
        severity="warning",
        signals=[sawtooth("agent_service_uptime_seconds", 3)],
        per_instance=True,
        phases=Phases(20, 30, 40),
        hold=0,
        rise=12,
        fall=26,
        quiet={"a restart every 8 minutes": [sawtooth("agent_service_uptime_seconds", 8)]},
    ),
    Case(
        alert="ScrapeSlow",
        severity="warning",
        signals=[level("scrape_duration_seconds", 0.01, 2.01)],
        per_instance=True,
        quiet={"exactly 2 s": [level("scrape_duration_seconds", 0, 2)]},
        **_brief(5),
    ),
    Case(
        alert="CollectorSectionFailed",
        severity="warning",
        signals=[
            level("agent_collector_success", 1, 0, 'section="rpcs"'),
            level("agent_collector_success", 1, 1, 'section="tasks"'),
        ],
        per_instance=True,
        labels={"section": "rpcs"},
        **_brief(5),
    ),
    Case(
        alert="EventLoopBlocked",
        severity="critical",
        signals=[growth("agent_event_loop_blocked_seconds_total", 0.1, 6)],
        per_instance=True,
        step=0.25,
        rise=1,
        fall=1,
        quiet={"hardly 5 s": [growth("agent_event_loop_blocked_seconds_total", 0, 4.95)]},
        **_brief(2),
    ),
    Case(
        alert="HeartbeatStalled",
        severity="critical",
        signals=[UP, growth("agent_service_uptime_seconds", 60, 0)],
        per_instance=True,
        step=0.5,
        rise=2,
        fall=1,
        quiet={
            "a heartbeat that crawls": [UP, growth("agent_service_uptime_seconds", 0, 0.1)],
            "a target that is down": [level("up", 0, 0), growth("agent_service_uptime_seconds", 0, 0)],
        },
        **_brief(2),
    ),
)

TASKS: Final = (
    Case(
        alert="HighTaskFailureRate",
        severity="warning",
        signals=_outcomes(1, 3),
        phases=Phases(20, 40, 60),
        hold=5,
        rise=10,
        fall=30,
        one_of_three_fires=True,
        quiet={
            "hardly a fifth": _outcomes(0.81, 0.19),
            "too few to judge": [_created("completed", 0, 0.02), _created("failed", 0, 0.09)],
            "cancelled by users": [_created("cancelled", 0, 5), _created("completed", 0, 1), _created("failed", 0, 0)],
        },
    ),
    Case(
        alert="LowTaskSuccessRate",
        severity="warning",
        signals=_outcomes(0.2, 1),
        phases=Phases(60, 90, 120),
        hold=10,
        rise=50,
        fall=60,
        quiet={
            "hardly 70 %": _outcomes(0.71, 0.29),
            "too few to judge": [_created("completed", 0, 0), _created("failed", 0, 0.05)],
        },
    ),
    Case(
        alert="TaskStuck",
        severity="warning",
        signals=[age("agent_task_oldest_progress_timestamp_seconds", 10, 901)],
        per_instance=True,
        quiet={"silent for exactly 900 s": [age("agent_task_oldest_progress_timestamp_seconds", 0, 900)]},
        **_brief(5),
    ),
    Case(
        alert="NoTaskCompletes",
        severity="warning",
        signals=[OLD, level("agent_tasks_active", 2, 2), _created("completed", 1, 0)],
        phases=Phases(70, 100, 30),
        hold=15,
        rise=61,
        fall=2,
        quiet={
            "idle": [OLD, level("agent_tasks_active", 0, 0), _created("completed", 0, 0)],
            "cancelled by users": [OLD, level("agent_tasks_active", 0, 2), _created("cancelled", 0, 1)],
            "one long task after an idle hour": [
                OLD,
                Signal("agent_tasks_active", lambda _, minute, __: float(minute >= 150)),
                _created("completed", 0, 0),
            ],
        },
    ),
    Case(
        alert="OldestPendingTooOld",
        severity="warning",
        signals=[age("agent_task_oldest_pending_timestamp_seconds", 1, 301)],
        per_instance=True,
        quiet={"waits for exactly 300 s": [age("agent_task_oldest_pending_timestamp_seconds", 0, 300)]},
        **_brief(5),
    ),
    Case(
        alert="HighTaskExecutionTime",
        severity="warning",
        signals=buckets("agent_task_execution_duration_seconds", (60, 120, 300, 600), 0, 3),
        phases=Phases(10, 30, 30),
        hold=10,
        rise=5,
        fall=6,
        one_of_three_fires=True,
        quiet={"up to 300 s": buckets("agent_task_execution_duration_seconds", (60, 120, 300, 600), 0, 2)},
    ),
    Case(
        alert="HighTaskQueueWaitTime",
        severity="warning",
        signals=buckets("agent_task_queue_wait_duration_seconds", (10, 30, 60, 120), 0, 3),
        phases=Phases(10, 30, 30),
        hold=5,
        rise=5,
        fall=6,
        one_of_three_fires=True,
        quiet={"up to 60 s": buckets("agent_task_queue_wait_duration_seconds", (10, 30, 60, 120), 0, 2)},
    ),
)

CAPACITY: Final = (
    Case(
        alert="HighTaskUtilization",
        severity="warning",
        signals=[level("agent_tasks_active", 5, 10), level("agent_task_slots", 10, 10)],
        quiet={"exactly nine of ten": [level("agent_tasks_active", 0, 9), level("agent_task_slots", 10, 10)]},
        **_brief(5),
    ),
    Case(
        alert="TaskUtilizationAtCapacity",
        severity="critical",
        signals=[level("agent_task_utilization", 0.5, 1)],
        quiet={"a slot in a hundred is free": [level("agent_task_utilization", 0, 0.99)]},
        **_brief(2),
    ),
    Case(
        alert="InstanceSaturated",
        severity="warning",
        signals=[level("agent_task_utilization", 0.5, 1)],
        per_instance=True,
        quiet={"a slot in a hundred is free": [level("agent_task_utilization", 0, 0.99)]},
        **_brief(15),
    ),
    Case(
        alert="SubmissionsRejected",
        severity="warning",
        signals=[growth("agent_tasks_rejected_total", 0, 1, 'reason="queue_full"')],
        phases=Phases(10, 20, 30),
        hold=5,
        rise=2,
        fall=11,
        one_of_three_fires=True,
        quiet={"refused for other reasons": [growth("agent_tasks_rejected_total", 0, 9, 'reason="invalid"')]},
    ),
    Case(
        alert="HighMemoryUsage",
        severity="warning",
        signals=[level("agent_memory_usage_bytes", 10**9, 2**31 + 1)],
        per_instance=True,
        quiet={"exactly 2 GiB": [level("agent_memory_usage_bytes", 0, 2**31)]},
        **_brief(5),
    ),
    Case(
        alert="MemoryGrowth",
        severity="warning",
        signals=[OLD, growth("agent_memory_usage_bytes", 0, 20e6, start=1e9)],
        phases=Phases(60, 120, 120),
        hold=30,
        rise=60,
        fall=61,
        per_instance=True,
        quiet={
            "large and flat": [OLD, growth("agent_memory_usage_bytes", 0, 0, start=4e9)],
            "just started": [
                growth("agent_service_uptime_seconds", 0, 11),
                growth("agent_memory_usage_bytes", 0, 20e6, start=1e9),
            ],
        },
    ),
    Case(
        alert="TooManyTempFiles",
        severity="warning",
        signals=[level("agent_temp_files_count", 10, 1001)],
        per_instance=True,
        quiet={"exactly 1000": [level("agent_temp_files_count", 0, 1000)]},
        **_brief(10),
    ),
    Case(
        alert="TooManyStreamConnections",
        severity="warning",
        signals=[
            level("agent_grpc_stream_connections", 10, 51, 'method="RunAgentInstruction"'),
            level("agent_grpc_stream_connections", 10, 50, 'method="GetAgentTaskStream"'),
        ],
        per_instance=True,
        quiet={"exactly 100 each": [level("agent_grpc_stream_connections", 0, 100, 'method="GetAgentTaskStream"')]},
        **_brief(5),
    ),
    Case(
        alert="StreamManagerOverload",
        severity="warning",
        signals=_limits(1216),
        per_instance=True,
        quiet={"hardly above the limits": _limits(1215)},
        **_brief(5),
    ),
    Case(
        alert="StreamManagerLeak",
        severity="warning",
        signals=_kept(14),
        per_instance=True,
        quiet={"one log for each task": _kept(13)},
        **_brief(15),
    ),
)

RPC: Final = (
    Case(
        alert="HighGRPCErrorRate",
        severity="warning",
        signals=[_requests(60, 60), _errors(0.1, 30)],
        phases=Phases(10, 30, 40),
        hold=5,
        rise=3,
        fall=20,
        one_of_three_fires=True,
        labels={"method": "QueryTaskStatus"},
        quiet={
            "hardly a twentieth": [_requests(0, 60), _errors(0, 2.9)],
            "faults of the callers": [_requests(0, 60), _errors(0, 30, "NOT_FOUND")],
            "unknown methods": [_requests(0, 60, "other"), _errors(0, 30, "INTERNAL", "other")],
            "no requests": [_requests(0, 0), _errors(0, 0)],
        },
    ),
    Case(
        alert="HighGRPCLatency",
        severity="warning",
        signals=buckets("agent_grpc_request_duration_seconds", (1, 2.5, 5, 10), 0, 3, 'method="CancelTask"'),
        phases=Phases(10, 30, 30),
        hold=10,
        rise=5,
        fall=6,
        one_of_three_fires=True,
        labels={"method": "CancelTask"},
        quiet={
            "up to 5 s": buckets("agent_grpc_request_duration_seconds", (2.5, 5, 10), 0, 1, 'method="CancelTask"'),
            "streams": buckets("agent_grpc_request_duration_seconds", (5, 10), 0, 2, 'method="RunAgentInstruction"'),
        },
    ),
)


def _tokens(taken: float, given: float) -> list[Signal]:
    return [
        growth("agent_tokens_consumed_total", 100, taken, 'type="input"'),
        growth("agent_tokens_consumed_total", 100, given, 'type="output"'),
        growth("agent_tokens_consumed_total", 200, taken + given, 'type="total"'),
    ]


def _unknown(metric: str) -> Signal:
    return growth(metric, 0, 1, 'provider="openai"')


COST: Final = (
    Case(
        alert="HighTokenConsumptionRate",
        severity="info",
        signals=_tokens(21_000, 3_000),
        phases=Phases(10, 30, 20),
        hold=10,
        rise=5,
        fall=6,
        one_of_three_fires=True,
        quiet={"hardly 100,000 of three instances": _tokens(4_000, 2_600)},
    ),
    Case(
        alert="HighExecutionCost",
        severity="warning",
        signals=[
            growth("agent_execution_cost_total", 0.001, 0.2, 'currency="USD"'),
            growth("agent_execution_cost_total", 0.001, 0.01, 'currency="EUR"'),
        ],
        phases=Phases(60, 90, 80),
        hold=5,
        rise=55,
        fall=60,
        one_of_three_fires=True,
        labels={"currency": "USD"},
        quiet={
            "9.9 an hour": [growth("agent_execution_cost_total", 0, 0.055, 'currency="USD"')],
        },
    ),
    Case(
        alert="PriceUnknown",
        severity="info",
        signals=[_unknown("agent_model_price_unknown_total")],
        phases=Phases(20, 30, 30),
        hold=5,
        rise=2,
        fall=16,
        one_of_three_fires=True,
        labels={"provider": "openai"},
    ),
    Case(
        alert="UsageUnknown",
        severity="info",
        signals=[_unknown("agent_model_usage_unknown_total")],
        phases=Phases(20, 30, 30),
        hold=5,
        rise=2,
        fall=16,
        one_of_three_fires=True,
        labels={"provider": "openai"},
    ),
)


def _task_ratio(bad: float) -> list[Signal]:
    return [_created("completed", 0.99, 1 - bad), _created("failed", 0.01, bad)]


def _rpc_ratio(bad: float) -> list[Signal]:
    return [_requests(1, 1), _errors(0.001, bad)]


def _slo(objective: str, speed: str, long: str, short: str, threshold: float) -> Case:
    """A tier: half of its long window at twice its threshold fires it, at 0.97 times it never does."""
    ratio = _task_ratio if objective == "TaskSlo" else _rpc_ratio
    hold, window, step = {
        "1h": (2, HOUR, 1),
        "6h": (15, 6 * HOUR, 5),
        "1d": (HOUR, DAY, 15),
        "3d": (3 * HOUR, 3 * DAY, 20),
    }[long]
    factor = min(2.0, 1 / threshold)
    return Case(
        alert=f"{objective}{speed}BudgetBurn",
        severity="critical" if speed == "Fast" else "warning",
        labels={"long": long, "short": short},
        signals=ratio(factor * threshold),
        phases=Phases(window, window + 2 * hold, window),
        hold=hold,
        rise=window * 5 / 6,
        fall={"5m": 5, "15m": 15, "30m": 30, "2h": 2 * HOUR, "6h": 6 * HOUR}[short],
        quiet={"hardly the threshold": ratio(0.97 * threshold)},
        step=step,
    )


SLO: Final = (
    _slo("TaskSlo", "Fast", "1h", "15m", 0.72),
    _slo("TaskSlo", "Fast", "6h", "30m", 0.3),
    _slo("TaskSlo", "Slow", "1d", "2h", 0.15),
    _slo("TaskSlo", "Slow", "3d", "6h", 0.05),
    _slo("RpcSlo", "Fast", "1h", "5m", 0.072),
    _slo("RpcSlo", "Fast", "6h", "30m", 0.03),
    _slo("RpcSlo", "Slow", "1d", "2h", 0.015),
    _slo("RpcSlo", "Slow", "3d", "6h", 0.005),
)

CASES: Final = (*AVAILABILITY, *TASKS, *CAPACITY, *RPC, *COST, *SLO)
"""Every rule but Watchdog, which cannot resolve."""

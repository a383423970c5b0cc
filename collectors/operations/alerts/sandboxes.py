"""Do sandboxes live, do they open in time, and what do their pages try to reach?"""

from typing import Final

from collectors.operations.formula import Matcher
from collectors.operations.model import Alert, Scope, Setting, Severity, number
from collectors.operations.wording import COUNT, PERCENT, SECONDS, mostly
from gui_agents.domain.egress import EgressVerdict
from gui_agents.domain.sandbox import DEATHS, SandboxEnd, SandboxStart

DIED: Final = "|".join(DEATHS)
DIED_MATCHER: Final = Matcher("reason", "=~", DIED)
OURS_MATCHER: Final = Matcher("reason", "!=", SandboxEnd.SWEPT)
"""What was swept is a death of the service before, which Restarting tells."""
COLD_MATCHER: Final = Matcher("start", "=", SandboxStart.COLD)
BY_TYPE: Final = ("job", "sandbox_type")


def alerts(setting: Setting) -> tuple[Alert, ...]:
    """Return the alerts of this group."""
    return (_dying(setting), _open_slow(setting), _egress_denied(setting))


def _dying(setting: Setting) -> Alert:
    limits = setting.thresholds
    ended = "agent_sandboxes_ended_total"
    died = setting.aggregate("sum", ended, DIED_MATCHER, by=BY_TYPE, increase="15m")
    shown = ("sandbox_type", "reason")
    all_ends = setting.aggregate("sum", ended, OURS_MATCHER, by=BY_TYPE, increase="15m")
    return Alert(
        name="SandboxesDying",
        formula=(
            died,
            "\n/\n",
            all_ends,
            f" > {number(limits.sandbox_death_ratio)}\nand on (job, sandbox_type)\n",
            died,
            f" >= {number(limits.sandbox_death_minimum)}",
        ),
        scope=Scope.JOB,
        hold_seconds=setting.hold("5m"),
        severity=Severity.WARNING,
        summary="{{ $labels.sandbox_type }} sandboxes of {{ $labels.job }} die",
        description=(
            f"{PERCENT} of the {{{{ $labels.sandbox_type }}}} sandboxes of {{{{ $labels.job }}}} that ended within 15 "
            f"minutes died, with the tasks in them.{mostly(setting, ended, shown, '15m', f',{DIED_MATCHER}')} First: "
            "see in the runbook what this reason means."
        ),
    )


def _open_slow(setting: Setting) -> Alert:
    limits = setting.thresholds
    opened = "agent_sandbox_open_duration_seconds"
    buckets = setting.aggregate("sum", f"{opened}_bucket", COLD_MATCHER, by=(*BY_TYPE, "le"), rate="15m")
    count = setting.aggregate("sum", f"{opened}_count", COLD_MATCHER, by=BY_TYPE, increase="15m")
    return Alert(
        name="SandboxOpenSlow",
        formula=(
            "histogram_quantile(0.95, ",
            buckets,
            f") > {setting.seconds(limits.sandbox_open_p95_seconds)}\nand on (job, sandbox_type)\n",
            count,
            f" >= {number(limits.sandbox_open_minimum)}",
        ),
        scope=Scope.JOB,
        hold_seconds=setting.hold("5m"),
        severity=Severity.WARNING,
        summary="{{ $labels.sandbox_type }} sandboxes of {{ $labels.job }} open slowly",
        description=(
            f"One in twenty new {{{{ $labels.sandbox_type }}}} sandboxes of {{{{ $labels.job }}}} took more than "
            f"{SECONDS} to open within 15 minutes, while its task waited in a slot. First: see whether the machine or "
            "the cloud is overloaded, and whether sandboxes stand ready."
        ),
    )


def _egress_denied(setting: Setting) -> Alert:
    limits = setting.thresholds
    private = Matcher("verdict", "=", EgressVerdict.DENIED_PRIVATE)
    connections = setting.series("agent_egress_connections_total", private)
    return Alert(
        name="EgressDenied",
        formula=f"increase({connections}[{setting.window('15m')}]) > {number(limits.egress_denials)}",
        hold_seconds=0,
        severity=Severity.INFO,
        summary="A page on {{ $labels.instance }} tried to reach a private network",
        description=(
            f"Browsers of {{{{ $labels.instance }}}} asked for {COUNT} connections to loopback, private or metadata "
            "addresses within 15 minutes. All of them were refused. First: find the addresses and the tasks in the log "
            "of this instance."
        ),
    )

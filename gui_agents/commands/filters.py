"""The options by which tasks are chosen, and the filter that they make."""

import argparse
import re
from decimal import Decimal
from typing import Final

from gui_agents.client import CallError
from gui_agents.commands.exits import CommandError, ExitCode
from gui_agents.commands.moments import moment, span
from gui_agents.domain.lifecycle import LIVE, FailureReason, TaskStatus
from gui_agents.domain.storage import TaskFilter

AMOUNT: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,30})?")


def add_filters(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose among all tasks."""
    group = parser.add_argument_group("which tasks", "Those that meet all that is given; an option can be repeated.")
    group.add_argument("--failed", action="store_true", help="the same as --status failed")
    _add_status(group, tuple(TaskStatus))
    group.add_argument(
        "--reason",
        action="append",
        choices=tuple(map(str, FailureReason)),
        metavar="REASON",
        default=[],
        help=f"why they failed: {', '.join(FailureReason)}",
    )
    _add_common(group)
    group.add_argument("--max-cost", type=amount, metavar="AMOUNT", help="they have cost at most so much")
    group.add_argument("--min-time", type=span, metavar="TIME", help="they ran at least so long, such as 90s or 1h")
    group.add_argument("--max-time", type=span, metavar="TIME", help="they ran at most so long")


def add_live_filters(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose among tasks that have not ended."""
    group = parser.add_argument_group(
        "which tasks, instead of IDs", "Those that meet all that is given and have not ended."
    )
    group.add_argument("--all", action="store_true", help="all that wait or run")
    group.add_argument("--all-pending", action="store_true", help="the same as --status pending")
    _add_status(group, tuple(sorted(LIVE)))
    _add_common(group)
    group.add_argument("--min-time", type=span, metavar="TIME", help="they run since so long, such as 90s or 1h")


def _add_status(group: argparse._ArgumentGroup, statuses: tuple[TaskStatus, ...]) -> None:
    group.add_argument(
        "--status",
        action="append",
        choices=tuple(map(str, statuses)),
        metavar="STATUS",
        default=[],
        help=f"how they stand: {', '.join(statuses)}",
    )


def _add_common(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--since", type=moment, metavar="TIME", help="created since 90s, 1h or 2d, or since a date")
    group.add_argument("--until", type=moment, metavar="TIME", help="created until then")
    group.add_argument("--model", action="append", metavar="PROVIDER/NAME", default=[], help="decided by this model")
    group.add_argument("--backend", action="append", metavar="NAME", default=[], help="with this kind of sandbox")
    group.add_argument("--owner", metavar="NAME", help="started by this token's name")
    group.add_argument("--text", metavar="TEXT", default="", help="with this in the instruction, in any case")
    group.add_argument("--min-cost", type=amount, metavar="AMOUNT", help="they have cost at least so much, such as 0.5")


def amount(text: str) -> Decimal:
    """Read an amount of money."""
    if not AMOUNT.fullmatch(text):
        raise argparse.ArgumentTypeError(f"must be an amount such as 0.05, not {text!r:.60}")
    return Decimal(text)


def wanted(arguments: argparse.Namespace) -> TaskFilter:
    """Return the filter that the options of `add_filters` make."""
    failed = [TaskStatus.FAILED] if arguments.failed else []
    return TaskFilter(
        statuses=frozenset([*map(TaskStatus, arguments.status), *failed]),
        reasons=frozenset(map(FailureReason, arguments.reason)),
        models=frozenset(arguments.model),
        backends=frozenset(arguments.backend),
        owner=arguments.owner,
        created_from=arguments.since,
        created_before=arguments.until,
        text=arguments.text,
        min_cost=arguments.min_cost,
        max_cost=arguments.max_cost,
        min_seconds=arguments.min_time,
        max_seconds=arguments.max_time,
    )


def live_wanted(arguments: argparse.Namespace) -> TaskFilter:
    """Return the filter that the options of `add_live_filters` make."""
    pending = [TaskStatus.PENDING] if arguments.all_pending else []
    return TaskFilter(
        statuses=frozenset([*map(TaskStatus, arguments.status), *pending]),
        models=frozenset(arguments.model),
        backends=frozenset(arguments.backend),
        owner=arguments.owner,
        created_from=arguments.since,
        created_before=arguments.until,
        text=arguments.text,
        min_cost=arguments.min_cost,
        min_seconds=arguments.min_time,
    )


def no_operator(error: CallError) -> CommandError:
    """Return what to say of a service that cannot find tasks."""
    return CommandError(
        ExitCode.REFUSED,
        f"the service at {error.address} cannot find tasks: it is older than this command, or another agent's; "
        "`gui-agents status ID` and `gui-agents cancel ID` work there, with the whole id",
    )

"""What `gui-agents status` prints beyond a task's status: what it was asked, with what it ran, what it did."""

from typing import Any

import attrs

from gui_agents.commands.moments import local
from gui_agents.commands.output import counted, printable, shown
from gui_agents.commands.tasks import as_record
from gui_agents.domain.moment import lasted
from gui_agents.domain.money import shown as amount
from gui_agents.domain.money import symbol
from gui_agents.operator_calls import StepReport, TaskDetails


def print_details(details: TaskDetails) -> None:
    """Print what a task was asked, when and with what it ran."""
    task = details.summary
    rows = [
        ("asked", details.instruction),
        ("model", task.model),
        ("backend", task.backend),
        ("owner", task.owner),
        ("created", local(task.created_at)),
        ("started", "" if task.started_at is None else local(task.started_at)),
        ("ended", "" if task.ended_at is None else local(task.ended_at)),
        ("after", details.previous_task_id),
        ("unused", ", ".join(details.unused)),
    ]
    for name, value in rows:
        if value:
            print(f"{name:<8} {shown(value)}")


def print_steps(details: TaskDetails) -> None:
    """Print what a task did."""
    if details.omitted_steps:
        print(f"\n{counted(details.omitted_steps, 'action')} before these not shown")
    for step in details.steps:
        print(f"\nstep {step.number}   {step.at.astimezone():%H:%M:%S}   {_used(step)}")
        for line in (step.action or "no action", step.rationale and f"because {step.rationale}", step.outcome):
            if line:
                print(f"  {printable(' '.join(line.split()))}")
        if step.picture:
            print(f"  picture {printable(step.picture)}")


def _used(step: StepReport) -> str:
    parts = [lasted(step.seconds), counted(step.tokens, "token")]
    if step.currency is not None:
        parts.append(f"{symbol(step.currency)}{amount(step.cost)}")
    elif step.tokens:
        parts.append("cost unknown")
    return ", ".join(parts)


def details_record(details: TaskDetails, *, with_steps: bool) -> dict[str, Any]:
    """Return the same as a JSON object, without what the status itself has."""
    known = ("message", "status", "task_id")
    record = {key: value for key, value in as_record(details.summary).items() if key not in known}
    record |= {
        "instruction": details.instruction,
        "config": details.config,
        "previous_task_id": details.previous_task_id or None,
        "unused": details.unused,
    }
    if with_steps:
        record |= {
            "steps_taken": [_step_record(step) for step in details.steps],
            "omitted_steps": details.omitted_steps,
        }
    return record


def _step_record(step: StepReport) -> dict[str, Any]:
    return {**attrs.asdict(step), "cost": float(step.cost)}

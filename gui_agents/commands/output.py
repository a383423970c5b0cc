"""What the verbs print about tasks: lines for people, or JSON for scripts."""

import argparse
import json
from datetime import datetime
from typing import Any

import attrs

from gui_agents.client import Statistics, TaskMessage, TaskReport
from gui_agents.commands.ticking import waiting_line


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the option for scripts."""
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line")


class Output:
    """Prints to standard output."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self.line = None if as_json else waiting_line()
        """What shows in a terminal that time passes."""

    def message(self, message: TaskMessage) -> None:
        """Print one message of a stream, at once."""
        if self.line is not None:
            self.line.message_came()
        if self._as_json:
            self.record(attrs.asdict(message))
        else:
            print(f"{message.at.astimezone():%H:%M:%S}  {message.stage:<9}  {printable(message.message)}", flush=True)

    def report(self, report: TaskReport) -> None:
        """Print the status of a task."""
        if self._as_json:
            self.record(attrs.asdict(report))
            return
        rows = [("task", report.task_id), ("status", str(report.status)), ("message", report.message)]
        if report.result:
            rows.append(("answer", report.result))
        if report.statistics is not None:
            rows.append(("used", used(report.statistics)))
        for name, value in rows:
            print(f"{name:<8} {shown(value)}")

    def started(self, task_id: str) -> None:
        """Print the id of a task that was started."""
        if self._as_json:
            self.record({"task_id": task_id})
        else:
            print(task_id)

    def record(self, record: dict[str, Any]) -> None:
        """Print one JSON object."""
        print(json.dumps(record, ensure_ascii=False, default=_json_item), flush=True)

    def json_record(self, record: dict[str, Any]) -> None:
        """Print one JSON object with --json, and nothing without it."""
        if self._as_json:
            self.record(record)

    def remark(self, text: str) -> None:
        """Print a sentence for people. With --json, print nothing."""
        if self.line is not None:
            self.line.erase()
        if not self._as_json:
            print(text, flush=True)


def used(statistics: Statistics) -> str:
    """Return what a task has used, as text. Without a known price or usage there is no amount."""
    parts = [counted(statistics.steps, "step"), f"{statistics.duration_seconds} s"]
    parts.append(counted(statistics.total_tokens, "token"))
    if statistics.currency:
        parts.append(f"{statistics.currency}{statistics.cost:.6f}".rstrip("0").rstrip("."))
    elif statistics.total_tokens or statistics.steps:
        parts.append("cost unknown")
    return ", ".join(parts)


def printable(text: str) -> str:
    """Return a text of another process. Characters that control a terminal are replaced."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def shown(text: str) -> str:
    """Return a text of several lines as a terminal may show it: as `printable`, and each further line indented."""
    return "\n         ".join(map(printable, text.splitlines()))


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as `1 step` or `2 steps`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _json_item(item: object) -> str:
    if isinstance(item, datetime):
        return item.isoformat()
    raise TypeError(f"{type(item).__name__} is not a JSON value")

"""The verbs that find tasks, on a running service: tasks, status with its steps, cancel by filter."""

import asyncio
import io
import itertools
import json
import re
import subprocess
import sys
import time

import pytest

from gui_agents import cli
from gui_agents.commands.exits import ExitCode
from gui_agents.commands.moments import local
from gui_agents.domain.lifecycle import TaskStatus
from tests.fakes import EPOCH
from tests.gui_agents.rpc.operating import Operated, operating


async def main(operated: Operated, *words: str) -> int:
    return await asyncio.to_thread(cli.main, [*words, "--address", operated.address])


def records(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def ids(capsys) -> list[str]:
    return [record["task_id"] for record in records(capsys)]


# tasks


async def test_tasks_prints_a_table_that_begins_with_the_newest(capsys):
    async with operating(tasks=3) as operated:
        assert await main(operated, "tasks") == ExitCode.DONE
        header, *rows = capsys.readouterr().out.splitlines()
        assert header.split() == ["TASK", "STATUS", "CREATED", "TIME", "COST", "STEPS", "MODEL", "OWNER", "INSTRUCTION"]
        newest_first = [task.record for task in reversed(operated.ended)]
        assert [row.split()[0] for row in rows] == [record.task_id for record in newest_first]
        for row, record in zip(rows, newest_first, strict=True):
            assert local(record.created_at) in row
            assert record.spec.model.full_name in row
            assert " ".join(record.spec.instruction.split()) in row


async def test_tasks_as_json_prints_one_object_a_line(capsys):
    async with operating(tasks=3) as operated:
        assert await main(operated, "tasks", "--json", "--limit", "2") == ExitCode.DONE
        found = records(capsys)
        stored = operated.ended[-1]
        record, used = stored.record, stored.record.statistics
        assert len(found) == 2
        assert found[0] | {"created_at": None, "started_at": None, "ended_at": None} == {
            "task_id": record.task_id,
            "owner": record.spec.owner,
            "status": record.status,
            "reason": record.ending.reason,
            "model": record.spec.model.full_name,
            "backend": record.spec.backend,
            "instruction": record.spec.instruction,
            "message": record.ending.message,
            "created_at": None,
            "started_at": None,
            "ended_at": None,
            "execution_seconds": pytest.approx(record.execution_seconds),
            "steps": used.steps,
            "input_tokens": used.input_tokens,
            "output_tokens": used.output_tokens,
            "cost": float(used.cost),
            "currency": used.currency,
            "attempt": 1,
        }
        assert found[0]["created_at"].startswith("2023-11-14T22:13:")


@pytest.mark.parametrize(
    ("options", "holds"),
    [
        (["--failed"], lambda record: record.status is TaskStatus.FAILED),
        (["--status", "failed", "--status", "cancelled"], lambda record: record.status is not TaskStatus.COMPLETED),
        (["--reason", "timeout"], lambda record: record.ending.reason == "timeout"),
        (["--model", "openai/gpt-4o"], lambda record: record.spec.model.full_name == "openai/gpt-4o"),
        (["--backend", "chromium"], lambda record: record.spec.backend == "chromium"),
        (["--owner", "ada"], lambda record: record.spec.owner == "ada"),
        (["--text", "iNvOiCe"], lambda record: "invoice" in record.spec.instruction.lower()),
        (["--min-cost", "1.5"], lambda record: record.statistics.cost >= 1.5),
        (["--max-cost", "0.5"], lambda record: record.statistics.currency and record.statistics.cost <= 0.5),
        (["--min-time", "1m"], lambda record: record.execution_seconds >= 60),
        (["--max-time", "2s"], lambda record: record.execution_seconds <= 2),
        (["--since", "2023-11-14T22:15:00+00:00"], lambda record: record.created_at >= EPOCH + 100),
        (["--until", "2023-11-14T22:15:00+00:00"], lambda record: record.created_at < EPOCH + 100),
        (["--since", "1h"], lambda _: False),
    ],
    ids=lambda each: each[0] if isinstance(each, list) else "",
)
async def test_an_option_of_tasks_chooses(capsys, options, holds):
    async with operating(tasks=60) as operated:
        assert await main(operated, "tasks", "--json", "--ascending", "--limit", "1000", *options) == ExitCode.DONE
        assert ids(capsys) == [task.record.task_id for task in operated.ended if holds(task.record)]


async def test_tasks_are_sorted_by_what_is_asked_for(capsys):
    async with operating(tasks=30) as operated:
        await main(operated, "tasks", "--json", "--sort", "steps", "--limit", "1000")
        steps = [record["steps"] for record in records(capsys)]
        assert steps == sorted(steps, reverse=True)


async def test_tasks_tells_of_more_and_of_none(capsys):
    async with operating(tasks=3) as operated:
        assert await main(operated, "tasks", "--limit", "2") == ExitCode.DONE
        printed = capsys.readouterr()
        assert len(printed.out.splitlines()) == 3
        assert printed.err == "2 tasks shown, and there are more; --limit shows them\n"
        assert await main(operated, "tasks", "--text", "nowhere") == ExitCode.DONE
        assert capsys.readouterr() == ("", "no task meets this\n")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("columns", "heads"),
    [
        (60, ["TASK", "STATUS", "CREATED", "INSTRUCTION"]),
        (80, ["TASK", "STATUS", "CREATED", "TIME", "COST", "INSTRUCTION"]),
        (120, ["TASK", "STATUS", "CREATED", "TIME", "COST", "STEPS", "MODEL", "OWNER", "INSTRUCTION"]),
        (180, ["TASK", "STATUS", "CREATED", "TIME", "COST", "STEPS", "MODEL", "OWNER", "INSTRUCTION"]),
    ],
)
async def test_the_table_fits_the_terminal(monkeypatch, columns, heads):
    async with operating(tasks=30) as operated:
        terminal = Terminal()
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setattr(sys, "stdout", terminal)
        await main(operated, "tasks")
        lines = re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue()).splitlines()
        assert lines[0].split() == heads
        assert len(lines) == 31
        assert max(map(len, lines)) <= columns
        last = operated.ended[-1].record.task_id
        assert lines[1].split()[0] == (last if columns == 180 else last[:8])


async def test_nothing_that_controls_a_terminal_is_printed(capsys):
    async with operating() as operated:
        task_id = await operated.served.start("finish \x1b[31m\u202e\x07 and\nmore")
        await operated.served.watch(task_id)
        for words in (["tasks"], ["status", task_id, "--steps"]):
            await main(operated, *words)
            out = capsys.readouterr().out
            assert "\x1b" not in out
            assert "\u202e" not in out
            assert "\x07" not in out
        await main(operated, "tasks")
        assert capsys.readouterr().out.splitlines()[1].endswith("finish \ufffd[31m\ufffd\ufffd and more")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--since", "yesterday"], "must be a time ago such as 90s, 1h or 2d, or a date such as 2026-01-31T13:00"),
        (["--min-time", "1.5h"], "must be a time such as 90s, 15m, 1h30m or 2d, not '1.5h'"),
        (["--min-cost", "NaN"], "must be an amount such as 0.05, not 'NaN'"),
        (["--status", "done"], "invalid choice: 'done'"),
        (["--reason", "bad luck"], "invalid choice: 'bad luck'"),
        (["--limit", "0"], "must be a whole number from 1"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_a_wrong_option_is_told(capsys, options, text):
    with pytest.raises(SystemExit) as raised:
        cli.main(["tasks", *options])
    assert raised.value.code == ExitCode.USAGE
    assert text in capsys.readouterr().err


# status


async def test_status_tells_why_what_it_cost_and_what_it_was_asked(capsys):
    async with operating() as operated:
        task_id = (await operated.served.run("give up"))[0].taskId
        assert await main(operated, "status", task_id[:8]) == ExitCode.FAILED
        rows = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
        assert rows["task"] == task_id
        assert (rows["status"], rows["message"]) == ("failed", "agent_gave_up: cannot")
        assert rows["used"].startswith("1 step, 0 s, 1,030 tokens, ")
        assert (rows["asked"], rows["backend"]) == ("give up", "simulated")
        assert rows["created"] <= rows["started"] <= rows["ended"]
        assert "owner" not in rows


async def test_status_with_steps_shows_what_was_done(capsys):
    async with operating() as operated:
        task_id = (await operated.served.run("work 2"))[0].taskId
        assert await main(operated, "status", task_id, "--steps") == ExitCode.DONE
        steps = capsys.readouterr().out.split("\nstep ")[1:]
        assert [step.split()[0] for step in steps] == ["1", "2", "3"]
        assert '{"action": "click", "x": 1, "y": 700' in steps[0]
        assert "because as told" in steps[0]
        assert "1,030 tokens" in steps[0]


async def test_status_as_json_has_the_steps_if_asked_for(capsys):
    async with operating() as operated:
        task_id = (await operated.served.run("work 1"))[0].taskId
        await main(operated, "status", task_id, "--json")
        (plain,) = records(capsys)
        await main(operated, "status", task_id, "--json", "--steps")
        (full,) = records(capsys)
        assert (plain["task_id"], plain["status"], plain["result"]) == (task_id, "completed", "work 1: done")
        assert (plain["statistics"]["steps"], plain["instruction"]) == (2, "work 1")
        assert "steps_taken" not in plain
        assert [step["number"] for step in full["steps_taken"]] == [1, 2]


async def test_the_beginning_of_an_id_must_be_of_one_task(capsys, monkeypatch):
    async with operating(tasks=40) as operated:
        found = sorted(task.record.task_id for task in operated.ended)
        first = next(a[0] for a, b in itertools.pairwise(found) if a[0] == b[0])
        assert await main(operated, "status", first) == ExitCode.USAGE
        assert f"several tasks begin with {first}: {first}" in capsys.readouterr().err
        assert await main(operated, "status", "zzz") == ExitCode.NOT_FOUND
        assert "does not know the task 'zzz'" in capsys.readouterr().err


async def test_watch_takes_the_beginning_of_an_id():
    async with operating() as operated:
        task_id = (await operated.served.run("finish"))[0].taskId
        command = [sys.executable, "-m", "gui_agents.cli", "watch", task_id[:10], "--address", operated.address]
        watched = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)
        assert f"task     {task_id}" in watched.stdout


# cancel


async def test_several_tasks_are_cancelled_by_their_ids(capsys):
    async with operating() as operated:
        first, second = await operated.served.start("wait"), await operated.served.start("wait")
        ended = (await operated.served.run("finish"))[0].taskId
        assert await main(operated, "cancel", first[:8], second, ended) == ExitCode.FAILED
        assert capsys.readouterr().out.splitlines() == [
            f"{first}  cancelled",
            f"{second}  cancelled",
            f"{ended}  the task has ended already: completed",
        ]
        assert await main(operated, "cancel", first, "x1", "x2") == ExitCode.NOT_FOUND
        assert len(capsys.readouterr().err.splitlines()) == 2


async def test_all_pending_tasks_are_cancelled_with_yes(capsys):
    async with operating({"TASK_MAX_TASKS": "1"}) as operated:
        running = await operated.served.start("wait")
        waiting = {await operated.served.start("wait") for _ in range(3)}
        assert await main(operated, "cancel", "--all-pending") == ExitCode.USAGE
        assert "this would cancel 3 tasks: --yes does it, --dry-run lists them" in capsys.readouterr().err
        assert await main(operated, "cancel", "--all-pending", "--dry-run") == ExitCode.DONE
        *listed, words = capsys.readouterr().out.splitlines()
        assert (set(listed), words) == (waiting, "3 tasks would be cancelled")
        assert await main(operated, "cancel", "--all-pending", "--yes", "--json") == ExitCode.DONE
        (told,) = records(capsys)
        assert set(told["task_ids"]) == waiting
        assert (told["matched"], told["cancelled"], told["dry_run"]) == (3, 3, False)
        assert operated.served.state.live() == [running]


@pytest.mark.parametrize(("answer", "code", "left"), [("y\n", ExitCode.DONE, 0), ("\n", ExitCode.INTERRUPTED, 1)])
async def test_a_terminal_is_asked(capsys, monkeypatch, answer, code, left):
    async with operating() as operated:
        await operated.served.start("wait")
        monkeypatch.setattr(sys, "stdin", Terminal(answer))
        assert await main(operated, "cancel", "--all") == code
        assert capsys.readouterr().err == "Cancel 1 task? [y/N] "
        assert len(operated.served.state.live()) == left


async def test_options_choose_what_is_cancelled(capsys):
    async with operating() as operated:
        kept, cancelled = await operated.served.start("hold"), await operated.served.start("wait")
        since = local(time.time() - 60).replace(" ", "T")
        words = ["cancel", "--text", "WAIT", "--since", since, "--status", "running", "--backend", "simulated", "--yes"]
        assert await main(operated, *words) == ExitCode.DONE
        assert capsys.readouterr().out.splitlines() == [cancelled, "1 task cancelled"]
        assert operated.served.state.live() == [kept]
        assert await main(operated, *words) == ExitCode.DONE
        assert capsys.readouterr().out == "0 tasks cancelled\n"


@pytest.mark.parametrize(
    "words", [[], ["ID", "--all"], ["ID", "--text", "x"], ["--all", "--all-pending"], ["ID", "--dry-run"]], ids=" ".join
)
def test_what_is_cancelled_must_be_named_in_one_way(capsys, words):
    assert cli.main(["cancel", *words]) == ExitCode.USAGE
    assert "gui-agents: " in capsys.readouterr().err


# A service without the Operator service.


@pytest.mark.parametrize("words", [["tasks"], ["tasks", "--json"], ["cancel", "--all", "--yes"]], ids=" ".join)
def test_a_service_that_cannot_find_tasks_is_told(service, capsys, words):
    _, address = service
    assert cli.main([*words, "--address", address]) == ExitCode.REFUSED
    assert capsys.readouterr().err == (
        f"gui-agents: the service at {address} cannot find tasks: it is older than this command, or another agent's; "
        "`gui-agents status ID` and `gui-agents cancel ID` work there, with the whole id\n"
    )

"""Wrong tokens at the pages of tasks are counted, and have lines in the audit log."""

import json

import pytest

from gui_agents.access.audit import AuditLog
from gui_agents.access.visitors import Visitors
from gui_agents.domain.access import AuthFailure

LATER = 100.0


def test_each_wrong_token_is_counted_and_the_first_of_a_second_is_told(tmp_path):
    counted, times = [], [0.0, 0.5, 0.6, LATER]
    audit = AuditLog(tmp_path / "audit.jsonl", 10_000)
    audit.open()
    visitors = Visitors(counted.append, audit, lambda: times.pop(0))
    for _ in range(4):
        visitors.turned_away(AuthFailure.UNKNOWN, "10.0.0.7")
    audit.close()
    assert counted == [AuthFailure.UNKNOWN] * 4
    lines = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    told = {"who": "", "what": "/tasks", "from": "10.0.0.7", "outcome": "UNAUTHENTICATED", "reason": "TOKEN_UNKNOWN"}
    assert [{**line, "time": ""} for line in lines] == [{**told, "time": ""}, {**told, "time": "", "repeated": 2}]


@pytest.mark.parametrize(("failure", "number"), [(AuthFailure.MISSING, 0), (AuthFailure.MALFORMED, 1)])
def test_who_has_shown_no_token_yet_is_not_counted(failure, number):
    counted = []
    Visitors(counted.append, None, lambda: 0.0).turned_away(failure, "10.0.0.7")
    assert len(counted) == number

from decimal import Decimal

from google.rpc import error_details_pb2

from gui_agents.domain.errors import DayBudgetSpentError, InvalidFieldError
from gui_agents.rpc.status import status_of


def test_a_spent_day_asks_to_come_back_when_the_next_one_begins():
    status = status_of(DayBudgetSpentError(Decimal(5), Decimal("0.01"), "USD", 399.5))
    retry = error_details_pb2.RetryInfo()
    assert [detail.Unpack(retry) for detail in status.details] == [False, True]
    assert retry.retry_delay.seconds == 400


def test_a_refusal_does_not_repeat_what_looks_like_a_key():
    status = status_of(InvalidFieldError("modelName", "there is no model 'sk-proj-0123456789abcdef'"))
    assert status.message == "modelName: there is no model '********'"
    assert "0123456789" not in str(status)

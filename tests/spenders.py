"""Many tasks that spend one budget at once, on virtual time, against a model that does anything.

Each call takes some time and ends with an answer of random usage, an error that was surely not billed, a failure that
may have been billed, a timeout, or the cancel of its task. What the vendor bills is random too, up to the worst case,
also for calls whose usage is never told.
"""

import asyncio
import random
from decimal import Decimal

import attrs

from gui_agents.agent.ledger import Ledger
from gui_agents.domain.model import BudgetExhaustedError
from gui_agents.domain.usage import CallBound, CallOutcome, ModelCall, Usage
from gui_agents.state.service_state import ServiceState
from tests import virtual_time
from tests.fakes import FixedPrices, a_price, a_spec, new_state

TASKS = 200
LIMIT = Decimal("1.00")
BOUND = CallBound("openai", "m", 12_000, 4096, 1024)
"""Of a step with a picture, at prices of 3 and 15: 0.098 at the worst."""
PRICE = a_price("3", "0.3", "15")
TIMEOUT_SECONDS = 120.0


@attrs.define
class Spent:
    """What one run has spent."""

    highest: Decimal = Decimal(0)
    """Of what was spent and reserved together, at any moment."""
    at_the_end: Decimal = Decimal(0)
    billed: Decimal = Decimal(0)
    """By the vendor, also for calls that told no usage."""
    refused: int = 0
    """Tasks that found no room."""


def run(seed: int, tasks: int = TASKS) -> Spent:
    """Spend one budget by many tasks until nobody finds room any more."""
    return virtual_time.run(_spend(random.Random(seed), tasks))


async def _spend(rng: random.Random, tasks: int) -> Spent:
    state = new_state(virtual_time.LoopClock(), day_limits={"USD": LIMIT}, slots=tasks)
    spent = Spent()
    async with asyncio.TaskGroup() as group:
        for number in range(tasks):
            task = group.create_task(_task(state, f"t{number}", rng, spent), name=f"t{number}")
            if rng.random() < 0.2:
                asyncio.get_running_loop().call_later(rng.uniform(0, 300), task.cancel)
    point = state.snapshot().budgets.day["USD"]
    assert point.reserved == 0
    spent.at_the_end = point.spent
    return spent


async def _task(state: ServiceState, name: str, rng: random.Random, spent: Spent) -> None:
    state.task_created(name, a_spec(), "accepted")
    state.task_started(name)
    ledger = Ledger(name, state, FixedPrices({"m": PRICE}))
    try:
        while True:
            await _call(ledger, state, rng, spent)
            await asyncio.sleep(rng.uniform(0, 2))
    except BudgetExhaustedError:
        spent.refused += 1
    finally:
        ledger.close()


async def _call(ledger: Ledger, state: ServiceState, rng: random.Random, spent: Spent) -> None:
    output_tokens = await ledger.reserve(BOUND)
    _look(state, spent)
    usage = Usage(rng.randint(1000, BOUND.input_tokens), 0, rng.randint(1, output_tokens))
    ending = rng.choices(("answer", "refusal", "lost", "timeout"), (80, 10, 5, 5))[0]
    told, unbilled = None, False
    try:
        await asyncio.sleep(TIMEOUT_SECONDS if ending == "timeout" else rng.uniform(0.5, 10))
        told, unbilled = (usage, False) if ending == "answer" else (None, ending == "refusal")
    finally:
        if not unbilled:
            spent.billed += PRICE.cost(usage)
        outcome = CallOutcome.ERROR if told is None else CallOutcome.OK
        ledger.model_called(ModelCall("openai", "m", outcome, told, 1.0, unbilled))
        _look(state, spent)


def _look(state: ServiceState, spent: Spent) -> None:
    point = state.snapshot().budgets.day["USD"]
    spent.highest = max(spent.highest, point.spent + point.reserved)

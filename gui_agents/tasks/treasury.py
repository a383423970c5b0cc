"""Which models tasks may be run with under the budgets of money, and the ledgers in which they are kept."""

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal

from gui_agents.access.owners import Owners
from gui_agents.agent.ledger import Ledger, Price, Prices
from gui_agents.agent.spending import SpendingLimits
from gui_agents.config import Config
from gui_agents.domain.errors import DayBudgetSpentError, PreconditionError
from gui_agents.domain.money import shown
from gui_agents.domain.redaction import KNOWS_NO_KEYS, Redactor
from gui_agents.domain.spec import ModelChoice
from gui_agents.models.bounds import smallest_call
from gui_agents.models.endpoint import REQUEST_FIELD
from gui_agents.models.registry import ModelFactory
from gui_agents.state.budgets import seconds_to_next_day
from gui_agents.state.service_state import ServiceState
from gui_agents.tasks.allowances import SOURCE, Allowances


class Treasury:
    """Knows the budgets, and what models cost.

    `unbudgeted` lets models run that no budget can hold: those whose price is unknown, or whose currency has no daily
    limit while another one has. `time` is the wall clock.
    """

    def __init__(
        self,
        state: ServiceState,
        prices: Prices,
        limits: SpendingLimits,
        owners: Owners,
        time: Callable[[], float],
        *,
        unbudgeted: bool,
    ) -> None:
        self._state = state
        self._prices = prices
        self._limits = limits
        self._time = time
        self._unbudgeted = unbudgeted
        self._allowances = Allowances(owners, time, state.owner_spent)

    def restored(self, day: int, spent: Mapping[str, Mapping[str, Decimal]]) -> None:
        """Take over what a day has cost before the service started, by owner and then by ISO code.

        The owner "" is the service as a whole.
        """
        owners = dict(spent)
        self._state.budget_restored(day, owners.pop("", {}))
        self._allowances.restored(day, owners)

    def quotas_changed(self) -> None:
        """Apply the quotas of owners as they are now."""
        self._allowances.quotas_changed()

    def ledger(self, task_id: str, choice: ModelChoice, owner: str, redactor: Redactor = KNOWS_NO_KEYS) -> Ledger:
        """Return the ledger of a new task."""
        trusted = choice.endpoint is None or choice.endpoint.configured
        return Ledger(
            task_id,
            self._state,
            self._prices,
            self._limits,
            own=self._allowances.of(owner),
            public_prices=_public(choice),
            trusted=trusted,
            redactor=redactor,
        )

    def check_model(self, choice: ModelChoice, owner: str) -> None:
        """Refuse a model that no budget could hold.

        Raises:
            PreconditionError: the text says what to do.
        """
        days = self._state.budget_currencies
        if not self._unbudgeted and (days or self._limits.cost is not None):
            problem = no_budget(choice, self._prices, days)
            if problem is not None:
                raise PreconditionError(problem)
        own = self._allowances.of(owner)
        if not self._unbudgeted and own is not None and own.currencies:
            problem = no_budget(choice, self._prices, own.currencies, SOURCE)
            if problem is not None:
                raise PreconditionError(problem)

    def check_day(self, choice: ModelChoice, owner: str) -> None:
        """Refuse a model of which not even a small call has room in what is left of this day.

        Raises:
            DayBudgetSpentError: the text says when the next day begins.
            QuotaExceededError: the same, of the owner's own money.
        """
        own = self._allowances.of(owner)
        price = self._price(choice) if self._state.budget_currencies or own is not None else None
        if price is None:
            return
        limit = self._state.budget_limit(price.currency)
        call = smallest_call(choice)
        quote = price.quote(call)
        if own is not None:
            own.check(quote, call.output_tokens)
        if limit is None or quote.free:
            return
        unspent = self._state.budget_unspent(price.currency)
        if quote.amount(call.output_tokens) > unspent:
            raise DayBudgetSpentError(limit, unspent, price.currency, seconds_to_next_day(self._time()))

    def _price(self, choice: ModelChoice) -> Price | None:
        return self._prices.price(choice.provider, choice.model, public=_public(choice))


def default_model_problem(config: Config, models: ModelFactory, prices: Prices) -> str | None:
    """Return why no task can be run with the default model, such as a missing key; None if one can."""
    problem = models.default_problem()
    if problem is not None:
        return problem
    choice = models.choose(None, None, REQUEST_FIELD)
    budgeted = config.budgets.daily_max_cost or config.tasks.max_cost is not None
    if budgeted and not config.budgets.allow_unbudgeted_models:
        problem = no_budget(choice, prices, config.budgets.daily_max_cost)
    return problem or _too_little(config, choice, prices)


def _too_little(config: Config, choice: ModelChoice, prices: Prices) -> str | None:
    """Return which limit has no room for any call to a model; None if each has."""
    if choice.endpoint is None:
        return None
    call = smallest_call(choice)
    tokens = call.input_tokens + call.output_tokens
    if config.tasks.max_tokens is not None and config.tasks.max_tokens < tokens:
        return (
            f"TASK_MAX_TOKENS allows {config.tasks.max_tokens} tokens, and each call to {choice.full_name!r:.80} "
            f"reserves at least {tokens}; raise it"
        )
    price = prices.price(choice.provider, choice.model, public=_public(choice))
    if price is None:
        return None
    cost = price.quote(call).amount(call.output_tokens)
    limits = {
        "TASK_MAX_COST": config.tasks.max_cost,
        "DAILY_MAX_COST": config.budgets.daily_max_cost.get(price.currency),
    }
    for name, limit in limits.items():
        if limit is not None and limit < cost:
            return (
                f"{name} allows {shown(limit)} {price.currency}, and each call to {choice.full_name!r:.80} reserves at "
                f"least {shown(cost)}; raise it"
            )
    return None


def no_budget(choice: ModelChoice, prices: Prices, days: Collection[str], source: str = "DAILY_MAX_COST") -> str | None:
    """Return why no budget of money can hold a model, and what to do; None if one can.

    `days` are the currencies that have a limit for each day, in `source`; without any, each task has one.
    """
    price = prices.price(choice.provider, choice.model, public=_public(choice))
    instead = "or set ALLOW_UNBUDGETED_MODELS=true to run it without a limit"
    if price is None:
        return (
            f"the price of {choice.full_name!r:.80} is not known, and there is a budget of money; "
            f"name the price in MODEL_PRICES_FILE, {instead}"
        )
    if days and price.currency not in days and not price.quote(smallest_call(choice)).free:
        return (
            f"{choice.full_name!r:.80} is billed in {price.currency}, of which {source} names no amount; "
            f"add one, {instead}"
        )
    return None


def _public(choice: ModelChoice) -> bool:
    """Return whether the provider's public prices are those of this model."""
    return choice.endpoint is None or choice.endpoint.public

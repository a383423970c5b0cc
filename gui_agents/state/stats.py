"""What the service counts beside its task table: plain numbers that only ever grow, and what is open now.

Nothing here knows a lock, a clock or a metric: `gui_agents.state` calls one method for each thing that happens,
inside its critical section. Closed sets are complete from the start, at 0.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

import attrs

from gui_agents.domain.buckets import PHASE_SECONDS, RPC_SECONDS
from gui_agents.domain.model import Provider
from gui_agents.domain.money import EXACT
from gui_agents.domain.rpc import OK, OTHER, RpcMethod
from gui_agents.domain.spec import ConfigType
from gui_agents.domain.step import Phase
from gui_agents.domain.usage import Bill, CallOutcome, ModelCall
from gui_agents.snapshot import ModelsSnapshot, RpcsSnapshot, StepsSnapshot, TokenCounts
from gui_agents.state.access_stats import AccessStats
from gui_agents.state.histogram import Histogram
from gui_agents.state.sandbox_stats import SandboxStats
from gui_agents.state.storage_stats import StorageStats

_PROVIDERS: Final = frozenset(map(str, Provider))


class RpcStats:
    """Calls by method; what is not in `methods` is counted as `other`, which must be one of them."""

    def __init__(self, methods: Iterable[RpcMethod], *, native: bool = False) -> None:
        methods = tuple(methods)
        self._started = {str(method.name): 0 for method in methods}
        self._handled = {(str(method.name), str(code)): 0 for method in methods for code in method.codes}
        self._errors = {key: 0 for key in self._handled if key[1] != OK}
        self._durations = {method: Histogram(RPC_SECONDS, native=native) for method in self._started}
        self._open_streams = {str(method.name): 0 for method in methods if method.streaming}

    def started(self, method: str) -> None:
        """Count an RPC that begins; `method` is one of the closed set."""
        self._started[method] += 1
        if method in self._open_streams:
            self._open_streams[method] += 1

    def ended(self, method: str, code: str, seconds: float) -> None:
        """Count an RPC that ends."""
        self._durations[method].observe(seconds)
        key = (method, code)
        self._handled[key] = self._handled.get(key, 0) + 1
        if code != OK:
            self._errors[key] = self._errors.get(key, 0) + 1
        if method in self._open_streams:
            self._open_streams[method] -= 1

    def statistics(self) -> RpcsSnapshot:
        """Return the frozen counts."""
        return RpcsSnapshot(
            self._started.copy(),
            self._handled.copy(),
            self._errors.copy(),
            {method: histogram.point() for method, histogram in self._durations.items()},
            self._open_streams.copy(),
        )


class _ProviderStats:
    __slots__ = ("cached", "durations", "input", "output", "price_unknown", "usage_unknown", "written")

    def __init__(self, *, native: bool) -> None:
        self.input = 0
        self.cached = 0
        self.written = 0
        self.output = 0
        self.usage_unknown = 0
        self.price_unknown = 0
        self.durations = Histogram(PHASE_SECONDS, native=native)


class ModelStats:
    """Calls to models by provider. Durations are observed where `timed`.

    `providers` are there from the start; any other `Provider` is from its first call on, and whoever is none counts as
    `other`.
    """

    def __init__(
        self, providers: Iterable[str], currencies: Iterable[str], *, native: bool = False, timed: bool = True
    ) -> None:
        self._timed = timed
        self._native = native
        self._providers: dict[str, _ProviderStats] = {}
        self._requests: dict[tuple[str, str], int] = {}
        for provider in (*providers, OTHER):
            self._add(provider)
        self._cost = {currency: Decimal(0) for currency in currencies}

    def called(self, call: ModelCall, bill: Bill, task_id: str, at: float) -> None:
        """Count one call that ended, with what it cost where that is known."""
        provider = call.provider if call.provider in _PROVIDERS else OTHER
        if provider not in self._providers:
            self._add(provider)
        stats = self._providers[provider]
        if self._timed:
            stats.durations.observe(max(0.0, call.duration_seconds), task_id, at)
        self._requests[provider, str(call.outcome)] += 1
        if bill.currency is None:
            stats.price_unknown += call.billed
        else:
            self._cost[bill.currency] = EXACT.add(self._cost.get(bill.currency, Decimal(0)), bill.amount)
        if call.usage is None:
            stats.usage_unknown += call.billed
        else:
            stats.input += call.usage.input_tokens
            stats.cached += call.usage.cached_input_tokens
            stats.written += call.usage.cache_write_tokens
            stats.output += call.usage.output_tokens

    def _add(self, provider: str) -> None:
        self._providers[provider] = _ProviderStats(native=self._native)
        self._requests.update({(provider, str(outcome)): 0 for outcome in CallOutcome})

    def statistics(self) -> ModelsSnapshot:
        """Return the frozen counts."""
        providers = self._providers.items()
        return ModelsSnapshot(
            tokens={
                name: TokenCounts(stats.input, stats.cached, stats.output, stats.written) for name, stats in providers
            },
            cost=self._cost.copy(),
            requests=self._requests.copy(),
            durations={name: stats.durations.point() for name, stats in providers} if self._timed else {},
            usage_unknown={name: stats.usage_unknown for name, stats in providers},
            price_unknown={name: stats.price_unknown for name, stats in providers},
        )


class StepStats:
    """The agent's steps, and, where `timed`, where their time goes."""

    def __init__(self, *, native: bool = False, timed: bool = True) -> None:
        self._timed = timed
        self._steps = 0
        self._observe = Histogram(PHASE_SECONDS, native=native)
        self._decide = Histogram(PHASE_SECONDS, native=native)
        self._act = Histogram(PHASE_SECONDS, native=native)

    def decided(self, task_id: str, at: float, observe_seconds: float, decide_seconds: float) -> None:
        """Count a step, with the durations of its first two phases."""
        self._steps += 1
        if self._timed:
            self._observe.observe(observe_seconds, task_id, at)
            self._decide.observe(decide_seconds, task_id, at)

    def acted(self, task_id: str, at: float, seconds: float) -> None:
        """Count the duration of a step's last phase."""
        if self._timed:
            self._act.observe(seconds, task_id, at)

    def statistics(self) -> StepsSnapshot:
        """Return the frozen counts."""
        return StepsSnapshot(
            self._steps,
            {
                str(Phase.OBSERVE): self._observe.point(),
                str(Phase.DECIDE): self._decide.point(),
                str(Phase.ACT): self._act.point(),
            }
            if self._timed
            else {},
        )


@attrs.frozen(kw_only=True)
class Observed:
    """Which durations are observed, beside those of tasks and RPCs, and how."""

    native: bool = False
    """Whether all durations are native histograms too, those of tasks and RPCs included."""
    model_durations: bool = True
    phase_durations: bool = True


EVERYTHING: Final = Observed()


class ServiceStats:
    """All of them, and the changes of the global configuration.

    Args:
        methods: whose calls are counted.
        providers: of models.
        currencies: that are billed.
        observed: which durations.
        access: who was not let in.
    """

    def __init__(
        self,
        methods: Iterable[RpcMethod],
        providers: Iterable[str],
        currencies: Iterable[str],
        observed: Observed = EVERYTHING,
        access: AccessStats | None = None,
    ) -> None:
        self.native = observed.native
        """Whether all durations of this service are native histograms too, those of its tasks included."""
        self.rpcs = RpcStats(methods, native=observed.native)
        self.models = ModelStats(providers, currencies, native=observed.native, timed=observed.model_durations)
        self.sandboxes = SandboxStats(native=observed.native)
        self.storage = StorageStats(native=observed.native)
        self.steps = StepStats(native=observed.native, timed=observed.phase_durations)
        self.access = access or AccessStats(tokens=False, quotas=False)
        self._config_updates = dict.fromkeys(map(str, ConfigType), 0)

    def config_updated(self, config_type: ConfigType) -> None:
        """Count a successful change by a setter RPC."""
        self._config_updates[config_type] += 1

    def config_updates(self) -> Mapping[str, int]:
        """Return the changes by configuration type."""
        return self._config_updates.copy()

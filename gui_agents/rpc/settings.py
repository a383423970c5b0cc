"""The global configuration: what applies to new tasks where their request names nothing."""

from collections.abc import Iterable

import attrs

from gui_agents.domain.spec import Defaults, LLMSettings, RunningConfig


class GlobalSettings:
    """Holds the configuration that setter RPCs change, above the operator's defaults. Kept in memory only."""

    def __init__(self, defaults: Defaults) -> None:
        self.defaults = defaults
        self._current = RunningConfig()

    @property
    def changed(self) -> RunningConfig:
        """What clients have set."""
        return self._current

    @property
    def effective(self) -> RunningConfig:
        """What applies: what clients have set, over the defaults."""
        return self._current.over(self.defaults.as_config())

    def replace(self, config: RunningConfig) -> None:
        """Take `config` as what clients have set."""
        self._current = config

    def set_stages(self, stages: Iterable[str], settings: LLMSettings) -> None:
        """Use one model for several stages."""
        changed = {**self._current.stages, **dict.fromkeys(stages, settings)}
        self._current = attrs.evolve(self._current, stages=changed)

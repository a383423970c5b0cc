"""The global configuration. It applies to new tasks whose request does not say otherwise."""

from collections.abc import Iterable

import attrs

from gui_agents.domain.spec import Defaults, LLMSettings, RunningConfig


class GlobalSettings:
    """Holds the configuration that the setter RPCs change, in memory only. It overrides the operator's defaults."""

    def __init__(self, defaults: Defaults) -> None:
        self.defaults = defaults
        self._current = RunningConfig()

    @property
    def changed(self) -> RunningConfig:
        """What clients have set."""
        return self._current

    @property
    def effective(self) -> RunningConfig:
        """What applies: the values that clients have set, then the defaults."""
        return self._current.over(self.defaults.as_config())

    def replace(self, config: RunningConfig) -> None:
        """Replace what clients have set by `config`."""
        self._current = config

    def set_stages(self, stages: Iterable[str], settings: LLMSettings) -> None:
        """Use one model for several stages."""
        changed = {**self._current.stages, **dict.fromkeys(stages, settings)}
        self._current = attrs.evolve(self._current, stages=changed)

"""What is wrong with a configuration that the service would start with: what its first task would find."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gui_agents import config
from gui_agents.domain.errors import ConfigError
from gui_agents.rpc.tls import Expiry, TlsFiles

if TYPE_CHECKING:
    from gui_agents.models.prices.price_list import PriceList


def price_doubts(loaded: config.Config) -> list[str]:
    """Return what the file of prices seems to mean and does not do.

    Raises:
        ConfigError: with one line for each mistake in it.
    """
    return list(_prices(loaded).doubts(loaded.defaults.model))


def _prices(loaded: config.Config) -> "PriceList":
    from gui_agents.models.prices.price_list import PriceList  # noqa: PLC0415 - most verbs know no prices
    from gui_agents.models.settings import SettingsOfModels  # noqa: PLC0415

    return PriceList.load(loaded.models.prices_file, SettingsOfModels.load(loaded.models.models_file))


def models_file_mistakes(loaded: config.Config) -> None:
    """Check the file with the settings of models.

    Raises:
        ConfigError: with one line for each mistake in it.
    """
    from gui_agents.models.settings import SettingsOfModels  # noqa: PLC0415 - most verbs call no model

    SettingsOfModels.load(loaded.models.models_file)


def expiries(loaded: config.Config) -> list[Expiry]:
    """Check the files of the gRPC port's TLS, and return when what they hold expires.

    Raises:
        ConfigError: one of them cannot be used.
    """
    files = TlsFiles.of(loaded.rpc)
    return [] if files is None else list(files.expiries())


def model_problems(loaded: config.Config) -> Iterator[str]:
    """Yield why no task can be run with the default model, such as a missing key; nothing if a file is wrong."""
    from gui_agents.domain.clock import SystemClock  # noqa: PLC0415 - most verbs call no model
    from gui_agents.models.registry import ModelFactory  # noqa: PLC0415
    from gui_agents.tasks.treasury import default_model_problem  # noqa: PLC0415

    try:
        models = ModelFactory(loaded.defaults, loaded.models, SystemClock())
        problem = models.default_problem() or default_model_problem(loaded, models, _prices(loaded))
    except ConfigError:
        return
    if problem is not None:
        yield config.default_model_advice(loaded, problem)


def endpoint_doubts(loaded: config.Config) -> list[str]:
    """Return what only the metrics endpoint can doubt; without its packages it knows nothing.

    Raises:
        ConfigError: with what it knows to be wrong.
    """
    try:
        from collectors import check_settings  # noqa: PLC0415 - optional
    except ImportError:
        return []
    return check_settings(disabled=loaded.monitoring.disable, web_config=loaded.monitoring.web_config)


def token_doubts(loaded: config.Config) -> list[str]:
    """Return what the file of tokens seems to mean and does not do.

    Raises:
        ConfigError: with one line for each mistake in it.
    """
    from gui_agents.access import token_file  # noqa: PLC0415 - most verbs know no tokens

    path = loaded.access.tokens_file
    return [] if path is None else list(token_file.read(path).doubts(path))

from gui_agents.domain.spec import Defaults, LLMSettings, Mode, RunningConfig
from gui_agents.rpc.settings import GlobalSettings

DEFAULTS = Defaults(backend="simulated", steps=50, timeout_seconds=3600.0)
ONE, TWO = LLMSettings(model="one"), LLMSettings(model="two")


def test_nothing_is_changed_at_first():
    settings = GlobalSettings(DEFAULTS)
    assert settings.changed == RunningConfig()
    assert settings.effective == DEFAULTS.as_config()


def test_what_clients_set_goes_before_the_defaults():
    settings = GlobalSettings(DEFAULTS)
    settings.replace(RunningConfig(steps=7, mode=Mode.FAST))
    assert settings.changed == RunningConfig(steps=7, mode=Mode.FAST)
    assert (settings.effective.steps, settings.effective.timeout_seconds) == (7, 3600.0)
    assert settings.effective.mode is Mode.FAST


def test_a_model_of_some_stages_leaves_the_others_and_everything_else_alone():
    settings = GlobalSettings(DEFAULTS)
    settings.replace(RunningConfig(steps=7, stages={"groundingModel": ONE, "embeddingModel": ONE}))
    settings.set_stages(["actionGeneratorModel", "groundingModel"], TWO)
    assert settings.changed.steps == 7
    assert settings.changed.stages == {"groundingModel": TWO, "embeddingModel": ONE, "actionGeneratorModel": TWO}


def test_replacing_forgets_what_was_set_before():
    settings = GlobalSettings(DEFAULTS)
    settings.set_stages(["groundingModel"], ONE)
    settings.replace(RunningConfig(steps=3))
    assert settings.changed == RunningConfig(steps=3)

import attrs
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.cloud import Account, Authorization, CloudOrder, SandboxKind
from gui_agents.domain.secret import Secret
from gui_agents.domain.spec import Defaults, Endpoint, LLMSettings, Mode, ModelChoice, RunningConfig
from tests.fakes import a_spec

STAGES = ("actionGeneratorModel", "fastActionGeneratorModel", "groundingModel")

stages = st.dictionaries(st.sampled_from(STAGES), st.builds(LLMSettings, model=st.text(max_size=5)))
configs = st.builds(
    RunningConfig,
    backend=st.none() | st.sampled_from(["simulated", "x11"]),
    mode=st.sampled_from(Mode),
    steps=st.none() | st.integers(1, 100),
    platform=st.sampled_from(["", "linux"]),
    timeout_seconds=st.none() | st.floats(1, 100),
    authorization=st.none() | st.builds(Authorization, st.text(max_size=3), st.just(Secret("key"))),
    web_search_engine=st.none() | st.sampled_from(["a", "b"]),
    stages=stages,
)
NORMAL, FAST = LLMSettings(model="careful"), LLMSettings(model="quick")


@given(configs, configs)
def test_each_choice_is_the_first_that_was_made(above, below):
    merged = above.over(below)
    for field in attrs.fields(RunningConfig):
        if field.name not in {"stages", "backend"}:
            high, low = getattr(above, field.name), getattr(below, field.name)
            assert getattr(merged, field.name) == (low if high in (None, "", Mode.UNDEFINED) else high)
    assert merged.backend == (above.named_backend or below.named_backend)
    for stage in STAGES:
        assert merged.stages.get(stage) == above.stages.get(stage, below.stages.get(stage))


@given(configs, configs, configs)
def test_layers_may_be_joined_in_any_order(first, second, third):
    assert first.over(second).over(third) == first.over(second.over(third))
    named = attrs.evolve(first, backend=first.named_backend)
    assert first.over(RunningConfig()) == RunningConfig().over(first) == named


def test_an_account_of_lybic_names_its_backend_unless_another_one_is_named():
    account = Authorization("org", Secret("key"))
    assert RunningConfig(authorization=account).named_backend == "lybic"
    assert RunningConfig(authorization=account, backend="simulated").named_backend == "simulated"
    assert RunningConfig().over(RunningConfig(authorization=account)).backend == "lybic"
    assert RunningConfig(backend="simulated").over(RunningConfig(authorization=account)).backend == "simulated"


def test_each_mode_has_a_stage_that_decides_and_the_other_one_as_its_second():
    normal, fast = ("actionGeneratorModel", NORMAL), ("fastActionGeneratorModel", FAST)
    both = RunningConfig(stages=dict([normal, fast]))
    assert [both.decider(mode) for mode in (Mode.NORMAL, Mode.FAST, Mode.UNDEFINED)] == [normal, fast, fast]
    assert RunningConfig(stages=dict([normal])).decider(Mode.FAST) == normal
    assert RunningConfig(stages=dict([fast])).decider(Mode.NORMAL) == fast
    assert RunningConfig().decider(Mode.FAST) == ("fastActionGeneratorModel", None)
    assert RunningConfig().decider(Mode.NORMAL) == ("actionGeneratorModel", None)


def test_a_stage_without_a_model_decides_only_if_no_other_one_names_a_model():
    key = LLMSettings(api_key=Secret("key"))
    keyed, normal = ("fastActionGeneratorModel", key), ("actionGeneratorModel", NORMAL)
    assert RunningConfig(stages=dict([keyed, normal])).decider(Mode.FAST) == normal
    assert RunningConfig(stages=dict([keyed])).decider(Mode.FAST) == keyed
    assert RunningConfig(stages=dict([keyed])).decider(Mode.NORMAL) == keyed


def test_defaults_decide_what_nobody_else_did():
    defaults = Defaults(backend="simulated", steps=50, timeout_seconds=3600.0)
    assert RunningConfig(steps=7).over(defaults.as_config()) == RunningConfig(
        backend="simulated", mode=Mode.FAST, steps=7, timeout_seconds=3600.0
    )


@given(configs)
def test_forgetting_keys_changes_nothing_else(config):
    forgotten = config.without_keys()
    account = config.authorization and attrs.evolve(config.authorization, api_key=Secret("********"))
    assert forgotten == attrs.evolve(config, authorization=account)


def test_every_key_of_a_request_is_forgotten():
    key = Secret("key")
    settings = LLMSettings(model="m", api_key=key)
    config = RunningConfig(authorization=Authorization("org", key), stages=dict.fromkeys(STAGES, settings))
    endpoint = Endpoint(provider="openai", model="m", base_url="http://127.0.0.1/v1", api_key=key)
    account = Account(
        organization="org", api_key=key, base_url="https://h", configured=True, of_operator=True, named_by="x"
    )
    cloud = CloudOrder(account=account, kind=SandboxKind())
    spec = a_spec(model=ModelChoice("openai", "m", endpoint), config=config, cloud=cloud).without_keys()
    kept = [spec.model.endpoint.api_key, spec.config.authorization.api_key, spec.cloud.account.api_key]
    kept += [each.api_key for each in spec.config.stages.values()]
    assert [each.reveal() for each in kept] == ["********"] * (3 + len(STAGES))

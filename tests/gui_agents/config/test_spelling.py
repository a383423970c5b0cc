import pytest

from gui_agents import config
from gui_agents.config.spelling import likely

OURS = [setting.variable for setting in config.settings()]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("GRPC_PROT", "GRPC_PORT"),
        ("grpc_port", "GRPC_PORT"),
        ("OPENAI_API_KYE", "OPENAI_API_KEY"),
        ("LOGLEVEL", "LOG_LEVEL"),
        ("TASK_MAX_TASK", "TASK_MAX_TASKS"),
        ("PROMETHEUS_ALOWED_HOSTS", "PROMETHEUS_ALLOWED_HOSTS"),
    ],
)
def test_a_misspelling_is_recognised(written, meant):
    assert likely(written, OURS) == meant


@pytest.mark.parametrize("name", ["", "_", "OPENAI_API_TYPE", "OPENAI_API_BASE", "PORT", "API_KEY", "DOCKER_HOST"])
def test_another_name_is_none(name):
    assert likely(name, OURS) is None


@pytest.mark.parametrize("dropped", range(3))
@pytest.mark.parametrize("variable", OURS)
def test_each_variable_is_recognised_without_one_of_its_last_letters(variable, dropped):
    place = len(variable) - 1 - dropped
    written = variable[:place] + variable[place + 1 :]
    assert likely(written, OURS) == variable


def test_nothing_is_like_a_name_if_none_is_known():
    assert likely("GRPC_PORT", []) is None

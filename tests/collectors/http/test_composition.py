import pytest

from collectors import check_settings
from gui_agents.domain.errors import ConfigError


def test_settings_without_mistakes_pass(tmp_path):
    (tmp_path / "web.yml").touch()
    check_settings()
    check_settings(disabled=["python_gc"], web_config=tmp_path / "web.yml")


def test_all_mistakes_are_told_at_once(tmp_path):
    (tmp_path / "web.yml").write_text("odd: 1")
    with pytest.raises(ConfigError) as wrong:
        check_settings(disabled=["nonsense", "more"], web_config=tmp_path / "web.yml")
    assert [line.split(", which")[0] for line in wrong.value.mistakes] == [
        "PROMETHEUS_DISABLE names 'nonsense'",
        "PROMETHEUS_DISABLE names 'more'",
        "PROMETHEUS_WEB_CONFIG odd: is not known here",
    ]

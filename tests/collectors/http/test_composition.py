import pytest

from collectors import check_settings
from collectors.metrics.definitions import Section, gauge
from gui_agents.domain.errors import ConfigError
from tests.collectors.http.serving import ask, serving
from tests.collectors.sources import Fixed
from tests.strategies import idle_snapshot


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


def test_a_lean_endpoint_leaves_out_zeros_but_what_rules_read_and_what_others_add():
    reading = {"a": 0}
    added = Section(name="added", metrics=(gauge("added", "Added.", lambda _: reading, labels=("x",), example=""),))
    source = Fixed(idle_snapshot())
    with serving(source, more=(added,)) as full, serving(source, more=(added,), lean=True) as lean:
        everything, left = (ask(endpoint)[2].decode() for endpoint in (full, lean))
    assert "agent_grpc_errors_total{" in everything
    assert "agent_grpc_errors_total" not in left
    assert 'agent_grpc_handled_total{code="INTERNAL",method="CancelTask"} 0.0' in left
    assert 'added{x="a"} 0.0' in left
    assert "agent_stream_messages_total 0.0" in left
    assert 'agent_collector_success{section="models"} 1.0' in left

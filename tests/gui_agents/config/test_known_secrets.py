import pytest

from gui_agents.config import known_secrets, load


def known(environment):
    return {secret.reveal() for secret in known_secrets(load(environment))}


def test_a_service_without_secrets_knows_none():
    assert known({}) == set()


def test_every_secret_that_is_set_is_known(tmp_path):
    (tmp_path / "key").write_text("sk-of-a-file")
    environment = {
        "OPENAI_API_KEY": "sk-planted",
        "LYBIC_API_KEY": "planted",
        "XAI_API_KEY_FILE": str(tmp_path / "key"),
    }
    assert known(environment) == {"sk-planted", "planted", "sk-of-a-file"}


@pytest.mark.parametrize(
    ("text", "password"),
    [
        ("postgresql://agents:hunter%402@db/agents", "hunter@2"),
        ("postgres://:hunter2@db:5432/agents?sslmode=require", "hunter2"),
        ("host=db password=hunter2 dbname=agents", "hunter2"),
        ("host=db password = 'hunter 2'", "hunter 2"),
    ],
)
def test_the_password_in_a_connection_string_is_known_by_itself(text, password):
    assert known({"POSTGRES_CONNECTION_STRING": text}) == {text, password}


def test_a_connection_string_may_have_no_password():
    assert known({"POSTGRES_CONNECTION_STRING": "postgresql://db/agents"}) == {"postgresql://db/agents"}

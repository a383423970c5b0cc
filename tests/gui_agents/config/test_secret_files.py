import os

import pytest

from gui_agents.config import load, load_section, settings
from gui_agents.config.secret_files import LARGEST_BYTES
from gui_agents.config.sections import ClientConfig
from gui_agents.domain.errors import ConfigError
from gui_agents.domain.secret import Secret

SECRETS = [setting for setting in settings() if setting.secret]
POSTGRES = "postgresql://agents:planted@db/agents"
KEY = "sk-planted-in-a-file"


def mistakes(environment, dotenv=None):
    with pytest.raises(ConfigError) as caught:
        load(environment, dotenv)
    return caught.value.mistakes


@pytest.fixture
def file(tmp_path):
    """A file with a key, as Docker writes it."""
    path = tmp_path / "secret"
    path.write_text(f"{KEY}\n")
    return path


def test_these_are_secrets():
    variables = {setting.variable for setting in SECRETS}
    assert {"OPENAI_API_KEY", "LYBIC_API_KEY", "POSTGRES_CONNECTION_STRING", "GUI_AGENTS_TOKEN"} <= variables
    assert all(setting.secret for setting in settings() if setting.variable.endswith(("_API_KEY", "_TOKEN", "_STRING")))


@pytest.mark.parametrize("setting", SECRETS, ids=lambda setting: setting.variable)
def test_every_secret_can_be_in_a_file(tmp_path, setting):
    text = POSTGRES if setting.variable == "POSTGRES_CONNECTION_STRING" else KEY
    path = tmp_path / "secret"
    path.write_text(f"{text}\r\n")
    environment = {f"{setting.variable}_FILE": str(path)}
    section = load_section(ClientConfig, environment) if setting.section == "client" else load(environment)
    holder = section if setting.section == "client" else getattr(section, setting.section)
    assert getattr(holder, setting.name) == Secret(text)


def test_the_dotenv_file_names_files_too(tmp_path, file):
    dotenv = tmp_path / ".env"
    dotenv.write_text(f"OPENAI_API_KEY_FILE={file}\n")
    assert load({}, dotenv).models.openai_api_key == Secret(KEY)
    dotenv.write_text("OPENAI_API_KEY_FILE=${NOWHERE}/key\n")
    (line,) = mistakes({}, dotenv)
    assert line.startswith("OPENAI_API_KEY_FILE refers to ${NOWHERE}, which is not set")


def test_an_empty_variable_is_none(file):
    assert load({"OPENAI_API_KEY": " ", "OPENAI_API_KEY_FILE": str(file)}).models.openai_api_key == Secret(KEY)
    assert load({"OPENAI_API_KEY": KEY, "OPENAI_API_KEY_FILE": ""}).models.openai_api_key == Secret(KEY)


def test_both_set_are_a_mistake(tmp_path, file):
    told = ("OPENAI_API_KEY and OPENAI_API_KEY_FILE are both set; set one of them",)
    assert mistakes({"OPENAI_API_KEY": "sk-other-one", "OPENAI_API_KEY_FILE": str(file)}) == told
    dotenv = tmp_path / ".env"
    dotenv.write_text(f"OPENAI_API_KEY_FILE={file}\n")
    assert mistakes({"OPENAI_API_KEY": "sk-other-one"}, dotenv) == told


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "names an empty file; write the secret into it"),
        (b" \n\n", "names an empty file; write the secret into it"),
        (b"sk-planted" * LARGEST_BYTES, f"names a file that is too large; {LARGEST_BYTES} bytes are the most"),
        (b"sk-planted\xff\xfe", "names a file that is no text in UTF-8"),
        (b"sk-planted\nsk-planted-2\n", "must be 1 to 4000 visible ASCII characters"),
    ],
    ids=["empty", "blank", "large", "binary", "two lines"],
)
def test_a_file_without_a_secret_is_a_mistake_that_does_not_show_it(file, content, problem):
    file.write_bytes(content)
    assert mistakes({"OPENAI_API_KEY_FILE": str(file)}) == (f"OPENAI_API_KEY_FILE {problem}",)


def test_a_file_of_the_largest_size_is_read(file):
    file.write_bytes(b"k" * 4000 + b"\n" * (LARGEST_BYTES - 4000))
    assert load({"OPENAI_API_KEY_FILE": str(file)}).models.openai_api_key == Secret("k" * 4000)


def test_a_byte_order_mark_is_no_part_of_a_secret(file):
    file.write_bytes(b"\xef\xbb\xbf" + KEY.encode())
    assert load({"OPENAI_API_KEY_FILE": str(file)}).models.openai_api_key == Secret(KEY)


@pytest.mark.parametrize("path", ["/no/such/file", ".", "a\0b", "x" * 5000], ids=["missing", "folder", "null", "long"])
def test_what_is_no_file_is_a_mistake(path):
    (line,) = mistakes({"LYBIC_API_KEY_FILE": path})
    assert line.startswith("LYBIC_API_KEY_FILE ")
    assert len(line) < 300


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (line,) = mistakes({"OPENAI_API_KEY_FILE": str(tmp_path / "pipe")})
    assert line.startswith("OPENAI_API_KEY_FILE must name a file that exists")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_may_not_be_read_is_a_mistake(file):
    file.chmod(0)
    (line,) = mistakes({"OPENAI_API_KEY_FILE": str(file)})
    assert line == f"OPENAI_API_KEY_FILE {str(file)!r} cannot be read: Permission denied"


def test_a_file_s_mistake_is_told_with_the_others(file):
    assert len(mistakes({"OPENAI_API_KEY_FILE": "/no/such/file", "GRPC_PORT": "x", "LYBIC_API_KEY_FILE": "."})) == 3

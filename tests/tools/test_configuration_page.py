from gui_agents import config
from tools import configuration_page


def test_every_variable_has_a_row_with_its_default_and_meaning():
    lines = configuration_page.table().splitlines()
    assert lines[:3] == ["", "| Variable | Default | Meaning |", "|---|---|---|"]
    assert "| `GRPC_PORT` | `50051` | Port of the gRPC service; 0 takes a free one. |" in lines
    key = "| `OPENAI_API_KEY`, `OPENAI_API_KEY_FILE` |  | Key for OPENAI_BASE_URL; it is sent to no other endpoint. |"
    assert key in lines
    assert len(lines) == 3 + len(list(config.settings()))

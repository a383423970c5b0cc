from gui_agents import config
from tools import configuration_page


def test_the_table_replaces_what_stands_between_its_marks():
    page = f"before\n{configuration_page.BEGIN}old\n{configuration_page.END}after\n"
    written = configuration_page.with_table(page)
    assert written.startswith("before\n")
    assert written.endswith("after\n")
    assert "old" not in written
    assert configuration_page.with_table(written) == written


def test_every_variable_is_a_row_with_its_default():
    written = configuration_page.with_table(configuration_page.BEGIN + configuration_page.END).splitlines()
    assert [row.split("`")[1] for row in written[3:-1]] == [setting.variable for setting in config.settings()]
    assert "| `GRPC_PORT` | `50051` | Port of the gRPC service; 0 takes a free one. |" in written
    assert sum(row.startswith("| `OPENAI_API_KEY` |  | ") for row in written) == 1

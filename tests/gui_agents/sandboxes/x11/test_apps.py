"""Which programs a desktop offers, and how they are called."""

import pytest

from gui_agents.domain.sandbox import TransientSandboxError
from gui_agents.sandboxes.x11.apps import Apps, doubts


def everything(_program: str) -> bool:
    return True


def only(*programs: str):
    return lambda program: program in programs


@pytest.mark.parametrize(
    "said",
    ["mousepad", "Mousepad", " MOUSEPAD ", "text editor", "the Text Editor", "text-editor app", "editor", "my notepad"],
)
def test_an_app_is_found_by_what_people_call_it(said):
    assert Apps(None, everything).find(said).command == ("mousepad", "--disable-server")


def test_a_name_goes_before_what_another_app_is_also_called():
    assert Apps(("mousepad", "editor"), everything).find("Editor").command == ("editor",)


def test_by_default_there_are_the_known_ones_that_are_installed():
    assert Apps(None, only("galculator")).names == ("galculator",)


def test_an_allowed_program_is_found_by_its_command():
    apps = Apps(("xterm", "galculator"), only("xterm", "galculator"))
    assert apps.names == ("xterm", "galculator")
    assert apps.find("xterm").command == ("xterm",)


@pytest.mark.parametrize("said", ["firefox", "mousepad; rm -rf /", "", "x" * 1000])
def test_what_is_not_offered_is_refused_with_what_is(said):
    with pytest.raises(TransientSandboxError) as refusal:
        Apps(("mousepad", "xterm"), everything).find(said)
    assert str(refusal.value).endswith("there are: mousepad (text editor), xterm")
    assert len(str(refusal.value)) < 200


def test_a_desktop_without_apps_says_what_to_do():
    with pytest.raises(TransientSandboxError, match="the operator has to install one, or to set X11_APPS"):
        Apps(None, only()).find("mousepad")


def test_only_what_was_asked_for_is_doubted():
    assert list(doubts(None)) == []
    assert list(doubts(("sh", "no-such-app"))) == [
        "X11_APPS names no-such-app, which is not installed: no task can open it"
    ]

"""What the frames tell becomes one tree, each element where it is on the screen."""

from gui_agents.domain.screen import Bounds
from gui_agents.sandboxes.chromium.tab import Tab
from gui_agents.sandboxes.chromium.tree import MORE, UNREAD, browser_tree, frame_places
from tests.gui_agents.sandboxes.chromium.browsers import everything

SIZE = (1280, 720)


def a_tab(name="page", url="http://ann:s3cret@example.com/"):
    tab = Tab(name, f"session of {name}", lambda _session, _error: None)
    tab.url = url
    return tab


def node(role, name, box, *children, states=()):
    return [role, name, *box, "", list(states), list(children)]


def document(*nodes, title="Title", truncated=False):
    return {"title": title, "nodes": list(nodes), "truncated": truncated, "picker": None, "strangers": 0}


def test_tabs_are_listed_and_addresses_have_no_passwords():
    first, second = a_tab(), a_tab("other", "https://example.org/")
    second.title = "Other"
    tree = browser_tree(SIZE, [first, second], first, {"page": document(node("button", "Go", (1, 2, 3, 4)))}, None)
    assert [(each.role, each.name, each.value, set(each.states)) for each in everything(tree)] == [
        ("browser", "Title", "", set()),
        ("tab", "Title", "http://example.com/", {"selected"}),
        ("tab", "Other", "https://example.org/", set()),
        ("document", "Title", "http://example.com/", set()),
        ("button", "Go", "", set()),
    ]


def test_elements_of_frames_are_moved_enlarged_and_cut():
    frame = ["#frame", "inner", 100, 50, 2.0, [100, 50, 300, 150]]
    told = {
        "page": document(node("iframe", "", (100, 50, 200, 100), frame)),
        "inner": document(node("button", "In", (10, 10, 20, 5)), node("button", "Below", (0, 60, 20, 5))),
    }
    tree = browser_tree(SIZE, [tab := a_tab()], tab, told, None)
    found = {each.name: each for each in everything(tree)}
    assert found["In"].bounds == Bounds(120, 70, 40, 10)
    assert (found["Below"].bounds, found["Below"].states) == (Bounds(100, 150, 40, 0), {"offscreen"})
    assert frame_places(told, "page") == {"page": (0.0, 0.0, 1.0), "inner": (100.0, 50.0, 2.0)}


def test_a_frame_that_is_not_read_is_empty_and_a_circle_of_frames_ends():
    frame = ["#frame", "inner", 0, 0, 1.0, [0, 0, 10, 10]]
    told = {"page": document(frame), "inner": document(frame)}
    tree = browser_tree(SIZE, [tab := a_tab()], tab, told, None)
    assert [each.role for each in everything(tree)] == ["browser", "tab", "document"]
    del told["inner"]
    tree = browser_tree(SIZE, [tab], tab, told, None)
    assert [each.role for each in everything(tree)] == ["browser", "tab", "document"]


def test_what_is_cut_or_not_read_is_said():
    tab = a_tab()
    cut = browser_tree(SIZE, [tab], tab, {"page": document(truncated=True)}, None)
    assert [each.name for each in everything(cut)][-1] == MORE
    unread = browser_tree(SIZE, [tab], tab, None, None)
    assert [each.name for each in everything(unread)][-1] == UNREAD


def test_what_is_in_a_password_field_is_never_told():
    field = node("textbox", "Password", (1, 2, 30, 4), node("text", "hunter2", (1, 2, 3, 4)), states=["protected"])
    field[6] = "hunter2"
    tree = browser_tree(SIZE, [tab := a_tab()], tab, {"page": document(field)}, None)
    *_, shown = everything(tree)
    assert (shown.name, shown.value, shown.states, shown.children) == ("Password", "", {"protected"}, ())

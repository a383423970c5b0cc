"""What holds on the simulated desktop after any events: what is seen is what can be hit, and it is on the screen."""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gui_agents.domain.actions import Button
from gui_agents.domain.screen import Bounds
from gui_agents.simulated.apps import APPS
from gui_agents.simulated.desktop import Desktop
from gui_agents.simulated.drawing import draw
from gui_agents.simulated.keys import chord
from gui_agents.simulated.widgets import SCREEN, ancestry, hit, intersection, tree

xs, ys = st.integers(0, 1279), st.integers(0, 719)
keys = st.one_of(
    st.sampled_from(
        [
            ("enter",),
            ("tab",),
            ("shift", "tab"),
            ("escape",),
            ("backspace",),
            ("delete",),
            ("space",),
            ("up",),
            ("down",),
            ("left",),
            ("right",),
            ("home",),
            ("end",),
            ("pagedown",),
            ("pageup",),
            ("ctrl", "a"),
            ("ctrl", "s"),
            ("ctrl", "shift", "s"),
            ("ctrl", "n"),
            ("alt", "f4"),
            ("a",),
            ("7",),
        ]
    ),
    st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=3).map(tuple),
)


def flat(element):
    yield element
    for child in element.children:
        yield from flat(child)


class AnyEvents(RuleBasedStateMachine):
    """Random events, most of them on something."""

    @initialize()
    def start(self):
        self.desktop = Desktop()

    @rule(app=st.sampled_from(list(APPS)))
    def open_app(self, app):
        assert self.desktop.open_app(app)
        assert self.desktop.state().windows[-1] == app

    @rule(data=st.data(), button=st.sampled_from(Button), count=st.integers(1, 3))
    def click_something(self, data, button, count):
        shown = [widget for widget in self.desktop.scene() if widget.is_shown and widget.role in ("button", "textbox")]
        x, y = data.draw(st.sampled_from(shown)).shown.center
        self.desktop.click(x, y, button, count)

    @rule(x=xs, y=ys, button=st.sampled_from(Button), count=st.integers(1, 3))
    def click_anywhere(self, x, y, button, count):
        self.desktop.click(x, y, button, count)

    @rule(x=xs, y=ys, to_x=xs, to_y=ys)
    def drag(self, x, y, to_x, to_y):
        self.desktop.drag(x, y, to_x, to_y)

    @rule(data=st.data(), to_x=xs, to_y=ys)
    def drag_something(self, data, to_x, to_y):
        shown = [widget for widget in self.desktop.scene() if widget.role in ("titlebar", "slider", "taskbar")]
        x, y = data.draw(st.sampled_from(shown)).shown.center
        self.desktop.drag(x, y, to_x, to_y)

    @rule(x=xs, y=ys, dy=st.integers(-100, 100))
    def scroll(self, x, y, dy):
        self.desktop.scroll(x, y, dy)

    @rule(text=st.text(max_size=80))
    def type(self, text):
        self.desktop.type(text)

    @rule(pressed=keys)
    def press(self, pressed):
        spelled = chord(pressed)
        if spelled is not None:
            self.desktop.press(spelled)

    @rule()
    def settle(self):
        self.desktop.settle()

    @invariant()
    def what_is_seen_is_what_is_hit(self):
        scene = self.desktop.scene()
        for widget, element in zip([w for w in scene if w.role], flat(tree(scene)), strict=True):
            assert element.bounds == widget.shown
            if not element.states & {"offscreen", "obscured"}:
                found = hit(scene, *element.bounds.center)
                assert any(ancestor is widget for ancestor in ancestry(scene, found)), (element, found)

    @invariant()
    def everything_is_on_the_screen(self):
        for element in flat(tree(self.desktop.scene())):
            assert intersection(element.bounds, SCREEN) == element.bounds
            assert ("offscreen" in element.states) is (element.bounds.width == 0 or element.bounds.height == 0)

    @invariant()
    def windows_stay_whole_in_the_workspace(self):
        for widget in self.desktop.scene():
            if widget.role in ("window", "dialog"):
                assert widget.shown == widget.bounds

    @invariant()
    def at_most_one_widget_has_the_focus(self):
        assert sum("focused" in element.states for element in flat(tree(self.desktop.scene()))) <= 1

    @invariant()
    def settings_stay_in_range(self):
        assert 0 <= self.desktop.state().volume <= 100

    def teardown(self):
        if hasattr(self, "desktop"):
            image = draw(self.desktop.scene(), dark=True, pointer=self.desktop.pointer)
            assert image.size == (1280, 720)


AnyEvents.TestCase.settings = settings(deadline=None, max_examples=30, stateful_step_count=30)
TestAnyEvents = AnyEvents.TestCase

bounds = st.builds(
    Bounds, st.integers(-50, 50), st.integers(-50, 50), width=st.integers(0, 60), height=st.integers(0, 60)
)


@given(bounds, bounds, st.integers(-60, 120), st.integers(-60, 120))
def test_intersection_contains_what_both_contain(first, second, x, y):
    both = intersection(first, second)

    assert both.contains(x, y) is (first.contains(x, y) and second.contains(x, y))
    assert both.width >= 0
    assert both.height >= 0


def test_every_widget_of_an_app_is_shown_whole_and_apart_from_its_siblings():
    for app in APPS:
        desktop = Desktop()
        desktop.open_app(app)
        for widget in desktop.scene():
            if widget.role and widget.role != "listitem" and widget.owner == app:
                assert widget.shown == widget.bounds, widget
            for first, second in combinations([child for child in widget.within if child.owner == app], 2):
                if first.role and second.role:
                    overlap = intersection(first.shown, second.shown)
                    assert overlap.width * overlap.height == 0, (first, second)

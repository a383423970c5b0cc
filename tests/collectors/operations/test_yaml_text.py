import yaml
from hypothesis import given
from hypothesis import strategies as st

from collectors.operations.yaml_text import render

text = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]) | st.just("\n"))
scalars = text | st.integers() | st.booleans() | st.none() | st.sampled_from(["yes", "5m", "1e3", "a: b", "- x", "~"])
data = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(text, inner), max_leaves=20)


@given(data)
def test_what_is_rendered_reads_back_as_it_was(value):
    assert yaml.safe_load(render(value)) == value


def test_expressions_stand_in_literal_blocks():
    assert render({"expr": "a\n/\nb", "for": "5m", "x": 'up{job="a"}'}) == (
        "expr: |-\n  a\n  /\n  b\nfor: 5m\nx: 'up{job=\"a\"}'\n"
    )


def test_a_block_keeps_the_indentation_of_its_later_lines():
    assert render({"expr": "(\n  a\n)"}) == "expr: |-\n  (\n    a\n  )\n"
    assert render({"expr": "  a\nb"}) == 'expr: "  a\\nb"\n'


def test_a_block_can_be_an_item_of_a_list():
    assert render(["a\nb", {"c": "d\ne"}]) == "- |-\n  a\n  b\n- c: |-\n    d\n    e\n"

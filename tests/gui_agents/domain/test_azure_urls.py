import pytest

from gui_agents.domain.azure_urls import advice, deployment_in, resource_of
from gui_agents.domain.base_urls import address_problem

CALL = "https://n.openai.azure.com/openai/deployments/d/chat/completions"


def test_the_url_of_a_call_is_taken_apart():
    assert (deployment_in(CALL), resource_of(CALL)) == ("d", "https://n.openai.azure.com")
    assert deployment_in("https://n.openai.azure.com/openai/v1") is None


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        (
            f"{CALL}?api-version=2024-10-21",
            "https://n.openai.azure.com with OPENAI_API_VERSION=2024-10-21, and name the model azure/d",
        ),
        (f"{CALL}?api-version=%0a", "https://n.openai.azure.com, and name the model azure/d"),
        (CALL, "https://n.openai.azure.com, and name the model azure/d"),
        ("https://api.openai.com/v1/chat/completions", None),
        ("https://n.openai.azure.com/openai/deployments/%0a/chat/completions", None),
    ],
)
def test_what_to_write_in_place_of_a_pasted_call_is_said(pasted, said):
    assert advice(pasted) == said


def test_foundrys_models_are_a_base_and_others_are_not():
    assert address_problem("https://n.services.ai.azure.com/models") is None
    assert address_problem("https://n.services.ai.azure.com/models/chat/completions") is not None
    assert address_problem("https://api.openai.com/v1/models") is not None
    assert address_problem("https://services.ai.azure.com.example/models") is not None

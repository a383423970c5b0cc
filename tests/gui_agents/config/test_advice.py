from gui_agents import config

OPENAI = config.load({"DEFAULT_MODEL": "openai/gpt-4o"})
SAID = "DEFAULT_MODEL=openai/gpt-4o cannot be called: "


def test_of_a_missing_key_the_variable_comes_first_and_no_field_of_a_request():
    problem = "there is no key for https://llm; give runningConfig.apiKey, or set OPENAI_API_KEY (of this service)"
    assert config.default_model_advice(OPENAI, problem) == f"{SAID}set OPENAI_API_KEY: there is no key for https://llm"


def test_any_other_problem_is_told_as_it_is():
    for problem in ("httpcore2 is not installed; run: pip install it", "JINA_API_KEY; no"):
        assert config.default_model_advice(OPENAI, problem) == SAID + problem

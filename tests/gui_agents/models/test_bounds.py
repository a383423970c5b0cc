from base64 import b64encode

from gui_agents.domain.model_settings import ModelSettings
from gui_agents.domain.spec import Endpoint
from gui_agents.domain.usage import CallBound
from gui_agents.models.bounds import HIDDEN_TOKENS, PICTURE_TOKENS, call_bound

PNG = b64encode(b"\x89PNG\r\n\x1a\n" + bytes(1000)).decode()
JPEG = b64encode(b"\xff\xd8\xff\xe0" + bytes(1000)).decode()


def bound(body, body_bytes, max_tokens=4096):
    settings = ModelSettings(max_tokens=max_tokens)
    endpoint = Endpoint(provider="openai", model="m", base_url="http://a", api_key=None, settings=settings)
    return call_bound(endpoint, body, body_bytes)


def test_a_text_has_no_more_tokens_than_bytes():
    assert bound({"messages": [{"content": "x" * 500}]}, 540).input_tokens == 540 + HIDDEN_TOKENS


def test_pictures_count_by_their_number_in_the_forms_of_all_protocols():
    url = f"data:image/png;base64,{PNG}"
    body = {"a": [{"image_url": {"url": url}}, {"source": {"data": PNG}}, ({"source": {"data": JPEG}},)], "n": 5}
    size = 100 + len(url) + len(PNG) + len(JPEG)
    assert bound(body, size).input_tokens == 100 + 3 * PICTURE_TOKENS + HIDDEN_TOKENS


def test_a_short_text_that_begins_like_a_picture_counts_as_text():
    assert bound({"content": "data:image/ is how a data URL begins"}, 60).input_tokens == 60 + HIDDEN_TOKENS


def test_an_answer_may_be_cut_to_what_is_worth_asking_for():
    assert bound({}, 0).least_output_tokens == 1024
    assert bound({}, 0, max_tokens=300) == CallBound("openai", "m", HIDDEN_TOKENS, 300, 300)

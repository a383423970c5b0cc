"""Why a browser does not get what it asks for."""

from enum import Enum, unique
from http import HTTPStatus

from gui_agents.domain.egress import EgressVerdict
from gui_agents.domain.errors import GuiAgentsError


@unique
class Problem(Enum):
    """What stands in the way: its verdict, the status of the answer, and how RFC 9209 (Proxy-Status) spells it."""

    PRIVATE = (EgressVerdict.DENIED_PRIVATE, HTTPStatus.FORBIDDEN, "destination_ip_prohibited")
    NOT_LISTED = (EgressVerdict.DENIED_LIST, HTTPStatus.FORBIDDEN, "http_request_denied")
    NOT_FOUND = (EgressVerdict.FAILED, HTTPStatus.BAD_GATEWAY, "dns_error")
    UNREACHABLE = (EgressVerdict.FAILED, HTTPStatus.BAD_GATEWAY, "destination_unavailable")
    NOT_HTTP = (EgressVerdict.FAILED, HTTPStatus.BAD_GATEWAY, "http_protocol_error")
    SILENT = (EgressVerdict.FAILED, HTTPStatus.GATEWAY_TIMEOUT, "http_response_timeout")
    BAD_REQUEST = (EgressVerdict.FAILED, HTTPStatus.BAD_REQUEST, "http_request_error")

    def __init__(self, verdict: EgressVerdict, status: HTTPStatus, word: str) -> None:
        self.verdict = verdict
        self.status = status
        self.word = word


class EgressError(GuiAgentsError):
    """A browser does not get what it asks for; the text says why, and what allows it."""

    def __init__(self, problem: Problem, text: str) -> None:
        super().__init__(text)
        self.problem = problem

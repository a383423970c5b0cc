"""Lybic's API on loopback: desktops and phones that only exist in its books, and every request checked.

    cloud = LybicCloud()
    async with ScriptedModelServer(cloud) as server:
        ... server.root, cloud.sandboxes, cloud.executed

The names and bounds of fields are those of the models in the SDK (lybic 1.4.0). `cloud.faults` are answers in place of
the right ones, with or without the effect of the request.
"""

import io
import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import attrs
from PIL import Image

from tests.endpoints.rules import WrongError, demand, fields
from tests.scripted_model import Answer, RecordedRequest

ORGANIZATION: Final = "ORG-test"
KEY: Final = "key-test-0123456789"
LENGTHS: Final = {"px": ("value",), "/": ("numerator", "denominator")}
MOUSE: Final = ("type", "x", "y")
WAY: Final = ("type", "startX", "startY", "endX", "endY")
DESKTOP: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "mouse:click": ((*MOUSE, "button"), ("relative", "holdKey")),
    "mouse:doubleClick": ((*MOUSE, "button"), ("relative", "holdKey")),
    "mouse:tripleClick": ((*MOUSE, "button"), ("relative", "holdKey")),
    "mouse:move": (MOUSE, ("relative", "holdKey")),
    "mouse:scroll": ((*MOUSE, "stepVertical", "stepHorizontal"), ("relative", "holdKey")),
    "mouse:drag": ((*WAY, "button"), ("startRelative", "endRelative", "holdKey")),
    "keyboard:type": (("type", "content"), ("treatNewLineAsEnter",)),
    "keyboard:hotkey": (("type", "keys"), ("duration",)),
}
MOBILE: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "touch:tap": (MOUSE, ()),
    "touch:drag": (WAY, ()),
    "touch:swipe": ((*MOUSE, "direction", "distance"), ()),
    "touch:longPress": ((*MOUSE, "duration"), ()),
    "android:back": (("type",), ()),
    "android:home": (("type",), ()),
    "os:startAppByName": (("type", "name"), ()),
    "keyboard:type": (("type", "content"), ("treatNewLineAsEnter",)),
}
WHOLE: Final = {"button", "stepVertical", "stepHorizontal", "duration"}
TEXTS: Final = {"content", "keys", "name", "holdKey"}
PLACES: Final = {"x", "y", "startX", "startY", "endX", "endY", "distance"}


def shape(name: str, system: str, price: str = "1", **changes: Any) -> dict[str, Any]:
    """Return a kind of sandbox as the API lists it."""
    usual = {
        "name": name,
        "description": "",
        "hardwareAcceleratedEncoding": False,
        "pricePerHour": price,
        "requiredPlanTier": 0,
        "requiredFeatureFlag": None,
        "os": system,
        "virtualization": "KVM",
        "architecture": "x86_64",
    }
    return {**usual, **changes}


SHAPES: Final = (
    shape("beijing-2c-4g-cpu", "Windows"),
    shape("beijing-2c-4g-linux", "Linux", "0.5", virtualization="Container"),
    shape("beijing-8c-16g-linux", "Linux", "4", hardwareAcceleratedEncoding=True),
    shape("beijing-phone", "Android", "2", architecture="aarch64", virtualization="Container"),
)


@attrs.define
class CloudSandbox:
    """A sandbox in the books."""

    sandbox_id: str
    name: str
    shape: Mapping[str, Any]
    created_at: float
    expires_at: float
    pending_polls: int = 0
    """How often its status is PENDING before it is RUNNING."""
    status: str = "RUNNING"
    deleted: bool = False
    screen: tuple[int, int] = (1280, 720)
    extensions: list[int] = attrs.field(factory=list)
    executed: list[Mapping[str, Any]] = attrs.field(factory=list)

    def told(self, *, whole: bool) -> dict[str, Any]:
        """Return it as the API tells it; lists have the name of the shape alone."""
        told = {
            "id": self.sandbox_id,
            "name": self.name,
            "createdAt": _moment(self.created_at),
            "expiresAt": _moment(self.expires_at),
            "projectId": "PRJ-test",
            "shapeName": self.shape["name"],
            "status": "PENDING" if self.pending_polls else self.status,
        }
        return {**told, "shape": self.shape} if whole else told


@attrs.define
class Fault:
    """An answer in place of the right one."""

    answer: Answer
    effect: bool = False
    """Whether the request has its effect all the same."""
    times: int = 1


class LybicCloud:
    """The API, as a script of `ScriptedModelServer`."""

    def __init__(
        self, *, clock: Callable[[], float] = time.time, shapes: tuple[Mapping[str, Any], ...] = SHAPES
    ) -> None:
        self.clock = clock
        self.shapes = shapes
        self.sandboxes: dict[str, CloudSandbox] = {}
        self.faults: dict[str, list[Fault]] = {}
        """By call: shapes, create, list, get, delete, status, preview, extend, execute, picture."""
        self.calls: list[str] = []
        self.pending_polls = 0
        """Of sandboxes that are made from now on."""
        self.picture_url: Callable[[str], str] | None = None
        """Where pictures are, if not here."""
        self.picture: Callable[[CloudSandbox], bytes] = drawn
        self.cursor = True
        """Whether previews tell the size of the screen."""
        self.leaks: list[str] = []
        """Requests for pictures that carried the key."""
        self._count = 0

    @property
    def living(self) -> list[CloudSandbox]:
        """The sandboxes that are there, and cost money."""
        return [each for each in self.sandboxes.values() if self._lives(each)]

    @property
    def executed(self) -> list[Mapping[str, Any]]:
        """All actions that were carried out, on whatever sandbox."""
        return [action for each in self.sandboxes.values() for action in each.executed]

    def make(self, name: str = "a client's", system: str = "Linux", life_seconds: float = 3600) -> CloudSandbox:
        """Make a sandbox as a client does it elsewhere."""
        of_system = next(each for each in self.shapes if each["os"] == system)
        return self._made(name, of_system, life_seconds)

    def fault(self, call: str, answer: Answer, *, effect: bool = False, times: int = 1) -> None:
        """Give another answer to the next calls of a kind."""
        self.faults.setdefault(call, []).append(Fault(answer, effect, times))

    def held(self) -> Answer:
        """Return an answer that does not come."""
        return Answer(held=True)

    def __call__(self, request: RecordedRequest) -> Answer:
        """Answer a request."""
        call, sandbox_id = _call_of(request)
        self.calls.append(call)
        fault = next((each for each in self.faults.get(call, []) if each.times > 0), None)
        if fault is not None:
            fault.times -= 1
            if fault.effect:
                self._answer(call, sandbox_id, request)
            return fault.answer
        return self._answer(call, sandbox_id, request)

    def _answer(self, call: str, sandbox_id: str, request: RecordedRequest) -> Answer:
        try:
            if call == "picture":
                return self._picture(sandbox_id, request)
            self._check_account(request)
            return self._carried_out(call, sandbox_id, request)
        except WrongError as wrong:
            status, _, message = str(wrong).rpartition("|")
            return failure(int(status or 400), message)

    def _check_account(self, request: RecordedRequest) -> None:
        demand(request.headers.get("x-api-key") == KEY, "401|Invalid API key")
        demand(request.path.split("/")[3] == ORGANIZATION, "403|No access to the organization")

    def _carried_out(self, call: str, sandbox_id: str, request: RecordedRequest) -> Answer:  # noqa: PLR0911 - one line for each call
        match call:
            case "shapes":
                return given(list(self.shapes))
            case "create":
                return given(self._create(request.body).told(whole=True), 201)
            case "list":
                return given([each.told(whole=False) for each in self.living])
        demand(call != "unknown", "404|Not found")
        sandbox = self._found(sandbox_id)
        match call:
            case "get":
                details = {"gatewayAddresses": [], "certificateHashBase64": "", "endUserToken": "tok", "roomId": "r"}
                return given({"sandbox": sandbox.told(whole=True), "connectDetails": details})
            case "delete":
                sandbox.deleted = True
                return Answer(status=204)
            case "status":
                sandbox.pending_polls, was = max(0, sandbox.pending_polls - 1), sandbox.pending_polls
                return given({"status": "PENDING" if was else sandbox.status})
            case "extend":
                seconds = fields("body", request.body, (), needed=("maxLifeSeconds",))["maxLifeSeconds"]
                demand(type(seconds) is int and 30 <= seconds <= 86_400, "maxLifeSeconds: out of range")
                sandbox.extensions.append(seconds)
                sandbox.expires_at = self.clock() + seconds
                return given({})
        demand(sandbox.status == "RUNNING" and not sandbox.pending_polls, "409|The sandbox is not running")
        if call == "execute":
            return self._execute(sandbox, request.body)
        return given(self._preview(sandbox, request))

    def _create(self, body: Any) -> CloudSandbox:
        wanted = fields("body", body, ("projectId",), needed=("name", "maxLifeSeconds", "shape"))
        demand(
            isinstance(wanted["name"], str) and 1 <= len(wanted["name"]) <= 100, "name: must have 1 to 100 characters"
        )
        life = wanted["maxLifeSeconds"]
        demand(type(life) is int and 1 <= life <= 86_400, "maxLifeSeconds: must be from 1 to 86400")
        found = next((each for each in self.shapes if each["name"] == wanted["shape"]), None)
        if found is None:
            raise WrongError("shape: no such shape")
        return self._made(wanted["name"], found, life)

    def _made(self, name: str, found: Mapping[str, Any], life_seconds: float) -> CloudSandbox:
        self._count += 1
        now = self.clock()
        made = CloudSandbox(f"SBX-{self._count:04}", name, found, now, now + life_seconds, self.pending_polls)
        if found["os"] == "Android":
            made.screen = (720, 1280)
        self.sandboxes[made.sandbox_id] = made
        return made

    def _execute(self, sandbox: CloudSandbox, body: Any) -> Answer:
        wanted = fields(
            "body", body, ("includeScreenShot", "includeCursorPosition", "screenShotPutUrl"), needed=("action",)
        )
        check_action(wanted["action"], MOBILE if sandbox.shape["os"] == "Android" else DESKTOP, sandbox.screen)
        sandbox.executed.append(wanted["action"])
        return given({"screenShot": None, "cursorPosition": None, "actionResult": None})

    def _preview(self, sandbox: CloudSandbox, request: RecordedRequest) -> dict[str, Any]:
        url = f"http://{request.headers['host']}/screens/{sandbox.sandbox_id}.png?X-Signature=abc"
        width, height = sandbox.screen
        cursor = {"x": 0, "y": 0, "screenWidth": width, "screenHeight": height, "screenIndex": 0}
        if self.picture_url is not None:
            url = self.picture_url(sandbox.sandbox_id)
        return {"screenShot": url, "cursorPosition": cursor if self.cursor else None}

    def _picture(self, sandbox_id: str, request: RecordedRequest) -> Answer:
        if KEY in json.dumps(dict(request.headers)):
            self.leaks.append(request.path)
        demand(request.path.endswith("?X-Signature=abc"), "403|The signature is missing")
        return Answer(body=self.picture(self._found(sandbox_id)), headers={"content-type": "image/png"})

    def _found(self, sandbox_id: str) -> CloudSandbox:
        sandbox = self.sandboxes.get(sandbox_id)
        if sandbox is None or not self._lives(sandbox):
            raise WrongError("404|Sandbox not found")
        return sandbox

    def _lives(self, sandbox: CloudSandbox) -> bool:
        return not sandbox.deleted and sandbox.expires_at > self.clock()


def check_action(
    action: Any, known: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]], screen: tuple[int, int]
) -> None:
    """Refuse what is no action of the API."""
    demand(isinstance(action, dict) and action.get("type") in known, "action.type: unknown for this sandbox")
    needed, others = known[action["type"]]
    fields("action", action, others, needed=needed)
    for name, value in action.items():
        if name in WHOLE:
            demand(type(value) is int, f"action.{name}: must be an integer")
        elif name in TEXTS:
            demand(isinstance(value, str), f"action.{name}: must be a text")
        elif name in PLACES:
            demand(isinstance(value, dict) and value.get("type") in LENGTHS, f"action.{name}: must be a length")
            parts = fields(f"action.{name}", value, ("type",), needed=LENGTHS[value["type"]])
            demand(all(type(part) is int for key, part in parts.items() if key != "type"), f"action.{name}: no integer")
            if name != "distance" and value["type"] == "px":
                extent = screen[0] if name.lower().endswith("x") else screen[1]
                demand(0 <= value["value"] < extent, f"action.{name}: outside of the screen")
    demand(action.get("direction") in {None, "up", "down", "left", "right"}, "action.direction: unknown")


def given(value: Any, status: int = 200) -> Answer:
    """Answer with JSON."""
    return Answer(status=status, body=json.dumps(value).encode())


def failure(status: int, message: str = "scripted", code: str = "nomos.scripted") -> Answer:
    """Answer with an error as the API words it."""
    return Answer(status=status, body=json.dumps({"code": code, "message": message}).encode())


def drawn(sandbox: CloudSandbox, kind: str = "PNG") -> bytes:
    """Return a picture of the screen, which changes with each action."""
    file = io.BytesIO()
    grey = (len(sandbox.executed) * 40) % 256
    Image.new("RGB", sandbox.screen, (grey, grey, 255 - grey)).save(file, kind)
    return file.getvalue()


def _call_of(request: RecordedRequest) -> tuple[str, str]:  # noqa: PLR0911 - one line for each call
    """Return the kind of a request, and the sandbox that it names."""
    parts = request.path.partition("?")[0].strip("/").split("/")
    if parts[0] == "screens":
        return "picture", parts[-1].removesuffix(".png")
    match (request.method, parts[3:]):
        case ("GET", ["shapes"]):
            return "shapes", ""
        case ("POST", ["sandboxes"]):
            return "create", ""
        case ("GET", ["sandboxes"]):
            return "list", ""
        case ("GET", ["sandboxes", sandbox_id]):
            return "get", sandbox_id
        case ("DELETE", ["sandboxes", sandbox_id]):
            return "delete", sandbox_id
        case ("GET", ["sandboxes", sandbox_id, "status"]):
            return "status", sandbox_id
        case ("POST", ["sandboxes", sandbox_id, "preview" | "extend" as call]):
            return call, sandbox_id
        case ("POST", ["sandboxes", sandbox_id, "actions", "execute"]):
            return "execute", sandbox_id
    return "unknown", ""


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")

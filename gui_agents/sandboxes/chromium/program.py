"""How Chromium is started: the program, its switches, its profile, and its whole environment."""

import json
from collections.abc import Sequence
from typing import Any, Final

from gui_agents.domain.programs import Program, install_programs
from gui_agents.domain.sandbox import SandboxError

CHROMIUM: Final = Program("chromium", ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"))
PROGRAMS: Final = (CHROMIUM,)
"""What a browser is made of."""
SWITCHES: Final = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-gpu",
    "--disable-smooth-scrolling",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--deny-permission-prompts",
    "--mute-audio",
    "--password-store=basic",
    "--use-mock-keychain",
    # What the browser itself would ask the internet for goes to a port that it never opens: it fails at once.
    "--gaia-url=http://localhost:1",
    "--component-updater=url-source=http://localhost:1",
    # Nothing leaves but through the proxy. The bypass list is emptied of what Chromium itself puts there: loopback.
    "--disable-quic",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--proxy-bypass-list=<-loopback>",
    "--disable-features=BackForwardCache,NetworkTimeServiceQuerying,Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider,AutofillServerCommunication",
)
PREFERENCES: Final[dict[str, Any]] = {
    "ssl": {"error_override_allowed": False},
    "alternate_error_pages": {"enabled": False},
    "download_restrictions": 3,
    "credentials_enable_service": False,
    "profile": {"password_manager_enabled": False},
    "browser": {"enable_spellchecking": False},
    "spellcheck": {"dictionaries": []},
    "policy": {"url_blocklist": ["file://*", "view-source:*"]},
    "printing": {"enabled": False},
    "safebrowsing": {"enabled": False},
    "search": {"suggest_enabled": False},
    "translate": {"enabled": False},
}
"""Of the profile. A wrong certificate cannot be clicked away, and pages of the browser itself do not open."""

SCRIPT: Final = """
profile=$1 preferences=$2; shift 2
mkdir -p "$profile/Default" && printf %s "$preferences" > "$profile/Default/Preferences" && read -r port || exit 1
if [ "$(id -u)" = 0 ] || ! unshare --user true 2> /dev/null; then set -- "$@" --no-sandbox; fi
set -- "$@" "--user-data-dir=$profile" "--proxy-server=http://127.0.0.1:$port" about:blank
exec "$@" 3<&0 4>&1 0< /dev/null 1> /dev/null 2>&1
"""
"""Reads the proxy's port from its input, which is then the pipe of commands. Chromium's own sandbox, which keeps pages
from the rest of the jail, needs user namespaces and a user who is not root."""


def program() -> str:
    """Return the path of this machine's Chromium.

    Raises:
        SandboxError: there is none; the text has the command that installs it.
    """
    path = CHROMIUM.path()
    if path is None:
        raise SandboxError(f"no browser is installed; {install_programs(PROGRAMS)}")
    return path


def command(browser: str, home: str, size: tuple[int, int]) -> Sequence[str]:
    """Return the command that starts a browser, with its profile in the jail's home."""
    window = f"--window-size={size[0]},{size[1]}"
    return ("/bin/sh", "-c", SCRIPT, "chromium", f"{home}/profile", json.dumps(PREFERENCES), browser, *SWITCHES, window)


def environment(home: str) -> dict[str, str]:
    """Return all that the browser is told of this machine."""
    return {"HOME": home, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC", "TMPDIR": "/tmp"}  # noqa: S108 - its own

"""The page that asks for a token. Its script sends it in a header, so that it is in no address and in no log."""

from http import HTTPStatus
from typing import Final

from collectors.http.messages import HTML, Response
from collectors.http.tasks.frame import HEADERS, page
from gui_agents.domain.access import AuthFailure

FORM: Final = """\
<form class="card login" id="login" method="post" action="{session}">
<p>Tasks are shown to those who have a token with the role <code>read</code> or <code>admin</code>. The role
<code>submit</code> shows its own tasks.</p>
<label>Token<input type="password" id="token" autocomplete="current-password" required></label>
<div class="buttons"><button type="submit">Show tasks</button></div>
<p class="note" id="said" role="alert">{said}</p>
<noscript><p class="note">Without scripts, send the token yourself:
<code>Authorization: Bearer TOKEN</code>.</p></noscript>
</form>"""
SAID: Final = {
    AuthFailure.MISSING: "",
    AuthFailure.MALFORMED: "That is no token.",
    AuthFailure.UNKNOWN: "Nobody has this token: it is wrong, or was revoked.",
}


def login_page(failure: AuthFailure, *, depth: int) -> Response:
    """Return the page, with what was wrong."""
    said = SAID.get(failure, "This token is not let in now.")
    form = FORM.format(said=said, session=f"{'../' * depth}tasks/session")
    body = page("Tasks", form, depth=depth)
    return Response(HTTPStatus.UNAUTHORIZED, body, HTML, (*HEADERS, ("WWW-Authenticate", "Bearer")))

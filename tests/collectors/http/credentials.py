"""What clients prove who they are with."""

import base64

import bcrypt

SECRET = "s3cret: with colon"  # noqa: S105 - of tests


def hashed(password=SECRET, cost=4):
    """Return the bcrypt hash of a password."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()


HASH = bcrypt.hashpw(SECRET.encode(), b"$2b$04$abcdefghijklmnopqrstuu").decode()
"""The same in every process, as the names of tests must be."""


def basic(user, password=SECRET):
    """Return an Authorization header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

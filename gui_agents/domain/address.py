"""Addresses as they are written in texts and in URLs."""


def host_and_port(host: str, port: int | None) -> str:
    """Return HOST:PORT; an IPv6 address stands in brackets, or nobody could tell where the port begins."""
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}"

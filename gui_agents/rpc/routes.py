"""How handlers get to a gRPC server, and how its port is opened."""

import socket
from collections.abc import Mapping, Sequence

import grpc

from gui_agents.rpc.accounting import Accounting
from gui_agents.rpc.door import Door
from gui_agents.rpc.foreign import received_by
from gui_agents.rpc.reception import Reception
from gui_agents.rpc.tls import ServerTls


class Routes:
    """Takes handlers as a server does, and registers them with a server; wrapped, if calls are counted."""

    def __init__(self, server: grpc.aio.Server, accounting: Accounting | None) -> None:
        self._server = server
        self._accounting = accounting
        if accounting is not None:
            server.add_generic_rpc_handlers((accounting,))

    def add_generic_rpc_handlers(self, _: Sequence[grpc.GenericRpcHandler]) -> None:
        """Do nothing: generated code registers the same handlers by name as well."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, grpc.RpcMethodHandler]) -> None:
        """Register the handlers of a service's methods."""
        if self._accounting is not None:
            wrapped = self._accounting.wrapped
            handlers = {name: wrapped(f"/{service}/{name}", handler) for name, handler in handlers.items()}
        self._server.add_registered_method_handlers(service, handlers)


class ForeignRoutes:
    """Takes the handlers of another package's service as a server does; their calls come in by our reception.

    They come in through the door, too, if there is one.
    """

    def __init__(self, routes: Routes, reception: Reception, door: Door | None = None) -> None:
        self._routes = routes
        self._reception = reception
        self._door = door
        self.add_generic_rpc_handlers = routes.add_generic_rpc_handlers

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, grpc.RpcMethodHandler]) -> None:
        """Register the handlers of a service's methods."""
        received = {name: received_by(self._reception, handler, self._door) for name, handler in handlers.items()}
        self._routes.add_registered_method_handlers(service, received)


def check_free(host: str, port: int) -> None:
    """Check that a port can be opened: grpc does not say why it cannot, but writes lines of its own to stderr.

    Raises:
        OSError: it cannot.
    """
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)


def add_port(server: grpc.aio.Server, address: str, tls: ServerTls | None) -> int:
    """Open a port, in plain text only if there is no TLS, and return its number."""
    port = server.add_insecure_port(address) if tls is None else server.add_secure_port(address, tls.credentials())
    return int(port)

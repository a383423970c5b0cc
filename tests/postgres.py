"""A real PostgreSQL server for tests, made of the system's programs in a directory of its own.

The server refuses to run as root: where tests do, it runs as `nobody`. It listens on a Unix socket, where everybody is
let in, and on a port of the loopback, where the password is asked for. It dies with the process that started it.
"""

import contextlib
import getpass
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import attrs
import psutil
import psycopg

from tests.ports import free_port
from tests.system_tools import require_program

PACKAGED = Path("/usr/lib/postgresql")
"""Where Debian puts the programs, below the number of the release; they are not in PATH."""
UNPRIVILEGED = "nobody"
SECONDS = 60.0
PASSWORD = "pass w/ord"  # noqa: S105 - of a server that ends with the test
SETTINGS = {
    "fsync": "off",  # a test kills the server, not the machine
    "max_connections": "50",
    "shared_buffers": "16MB",
    "autovacuum": "off",
    "log_min_messages": "fatal",
}

_numbers = itertools.count(1)


def program(name: str) -> str:
    """Return the path of one of PostgreSQL's programs; without it skip the test, or fail it: see `require_program`."""
    releases = sorted(PACKAGED.glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    packaged = [str(path / name) for path in releases if (path / name).exists()]
    return packaged[0] if packaged else require_program(name)


def _user() -> str:
    return UNPRIVILEGED if os.geteuid() == 0 else getpass.getuser()


def _as_user() -> Sequence[str]:
    """Return what starts a program as a user that is not root; a signal ends it together with this process."""
    identity = (f"--reuid={UNPRIVILEGED}", "--regid=nogroup", "--clear-groups") if os.geteuid() == 0 else ()
    return ("setpriv", *identity, "--pdeathsig=QUIT")


@attrs.define
class Server:
    """A server with its data, which survive a restart."""

    directory: Path
    port: int = attrs.field(factory=free_port)
    settings: dict[str, str] = attrs.field(factory=lambda: dict(SETTINGS))
    _process: subprocess.Popen[bytes] | None = None
    _databases: dict[Path, str] = attrs.field(factory=dict)

    def create(self) -> None:
        """Make an empty cluster."""
        password = self.directory / "password"
        password.write_text(PASSWORD)
        self.own(self.directory)
        self.own(password)
        command = (
            *(program("initdb"), "--pgdata", str(self.directory / "data"), "--username", "postgres", "--no-sync"),
            *("--encoding", "UTF8", "--locale", "C", "--pwfile", str(password)),
            *("--auth-local", "trust", "--auth-host", "scram-sha-256"),
        )
        done = subprocess.run(
            [*_as_user(), *command], capture_output=True, text=True, check=False, cwd="/", timeout=SECONDS
        )
        assert done.returncode == 0, done.stderr

    def own(self, path: Path) -> None:
        """Give a file or directory to the user that the server runs as."""
        shutil.chown(path, _user())

    def start(self) -> None:
        """Start the server and return when it answers."""
        settings = {
            **self.settings,
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.directory),
        }
        options = [f"-c{name}={value}" for name, value in settings.items()]
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*_as_user(), program("postgres"), "-D", str(self.directory / "data"), *options],
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
            )
        self.wait()

    def wait(self) -> None:
        """Return when the server answers."""
        command = [program("pg_isready"), "-q", "-t", "5", "-h", str(self.directory), "-p", str(self.port)]
        for _ in range(round(SECONDS * 20)):
            assert self._running().poll() is None, (self.directory / "log").read_text("utf-8")
            if subprocess.run(command, check=False).returncode == 0:
                return
            signal.sigtimedwait([], 0.05)
        raise AssertionError(f"PostgreSQL does not answer: {(self.directory / 'log').read_text('utf-8')}")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End the server: SIGINT breaks off transactions, SIGQUIT ends it as a crash does."""
        process = self._running()
        self.resume()
        process.send_signal(how)
        process.wait(SECONDS)
        self._process = None

    def kill(self) -> None:
        """Kill all of its processes, as a machine that goes down does."""
        first, *children = self.processes()
        first.suspend()  # otherwise it would start new ones
        for process in (*children, first):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._running().wait(SECONDS)
        psutil.wait_procs(children, SECONDS)
        self._process = None

    def pause(self) -> None:
        """Stop all of its processes: connections stay, and nothing answers."""
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend()

    def resume(self) -> None:
        """Let its processes go on."""
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()

    def processes(self) -> list[psutil.Process]:
        """Return its processes, the first one first."""
        first = psutil.Process(self._running().pid)
        return [first, *first.children(recursive=True)]

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "the server is not running"
        return self._process

    @property
    def running(self) -> bool:
        return self._process is not None

    def connection_string(self, database: str) -> str:
        """Return a connection string as an operator writes it, over the socket."""
        return f"postgresql://postgres@/{database}?host={self.directory}&port={self.port}"

    def over_tcp(self, database: str, password: str = PASSWORD) -> str:
        """Return one over the loopback; the password is asked for there."""
        quoted = password.replace(" ", "%20").replace("/", "%2F")
        return f"postgresql://postgres:{quoted}@127.0.0.1:{self.port}/{database}"

    def create_database(self, *options: str) -> str:
        """Make an empty database and return its name."""
        name = f"test{next(_numbers)}"
        self.run(" ".join((f"CREATE DATABASE {name}", *options)))
        return name

    def connected(self, database: str) -> psycopg.Connection[Any]:
        """Open a connection, whose statements are one transaction until it is closed."""
        return psycopg.connect(self.connection_string(database))

    def run(self, statement: str, database: str = "postgres", *parameters: object) -> list[tuple[Any, ...]]:
        """Execute one statement outside of a transaction and return its rows."""
        with psycopg.connect(self.connection_string(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), parameters or None)
            return cursor.fetchall() if cursor.description else []

    def database_of(self, directory: Path) -> str:
        """Return the name of the database that stands for a directory; it is dropped some time after the directory."""
        for gone in [known for known in self._databases if not known.exists()]:
            self.run(f"DROP DATABASE {self._databases.pop(gone)} WITH (FORCE)")
        if directory not in self._databases:
            self._databases[directory] = self.create_database()
        return self._databases[directory]


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """Run a server of its own until the block ends."""
    program("postgres")
    # Not below the directory of pytest, which nobody but its user may enter.
    directory = Path(tempfile.mkdtemp(prefix="gui-agents-postgres-"))
    try:
        made = Server(directory)
        made.create()
        made.start()
        try:
            yield made
        finally:
            if made.running:
                made.stop()
    finally:
        shutil.rmtree(directory)


_shared = contextlib.ExitStack()


@cache
def shared() -> Server:
    """Return a server that all tests of this process share; each makes a database of its own."""
    return _shared.enter_context(server())


def end_shared() -> None:
    """End that server, if there is one."""
    _shared.close()

"""A PostgreSQL server of our own in a temporary folder, run by an ordinary user, since PostgreSQL refuses root."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

PASSWORD = "se%cret/pass"  # a URL has to escape it


def programs() -> Path | None:
    """The folder of initdb and pg_ctl: on the path, or the newest where Debian puts it; None where there is none."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def missing() -> str:
    """Why there can be no server here; empty where there can."""
    return "" if programs() else "PostgreSQL's programs are not here (Debian's package postgresql)"


class Server:
    """A server on a free port of 127.0.0.1 that wants a password."""

    NOTICED = 3  # seconds of waiting after which the server looks whether it is in a circle, and ends one who waits

    def __init__(self, folder: Path):
        self.folder, self.user = folder, _ordinary_user()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        if self.user:
            shutil.chown(folder, self.user)
        (folder / "password").write_text(PASSWORD)
        self._run("initdb", "-D", f"{folder}/data", "-U", "grader", "-A", "scram-sha-256", "--pwfile", f"{folder}/password", "--no-sync", "-E", "UTF8", "--locale", "C")
        self.databases = 0

    def start(self) -> None:
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories={self.folder} -c fsync=off -c deadlock_timeout={self.NOTICED}s"
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-l", f"{self.folder}/log", "-w", "-o", options, "start")

    def stop(self) -> None:
        """At once, as by a crash: connections break."""
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "-w", "stop")

    def new_database(self) -> str:
        """The URL of an empty database."""
        self.databases += 1
        name = f"course{self.databases}"
        with self.connection("postgres") as connection:
            connection.execute(f"create database {name}")
        return f"postgresql://grader:{PASSWORD.replace('%', '%25').replace('/', '%2F')}@127.0.0.1:{self.port}/{name}"

    def connection(self, name: str):
        import psycopg

        return psycopg.connect(host="127.0.0.1", port=self.port, user="grader", password=PASSWORD, dbname=name, autocommit=True)

    def deadlocks(self) -> int:
        """How many transactions the server has ended because they waited in a circle."""
        return (self.folder / "log").read_text().count("ERROR:  deadlock detected")

    def wait_until_blocked(self, name: str, count: int) -> None:
        """Until so many connections to a database wait for others' locks. Raises AssertionError after a while in which they don't."""
        deadline = time.monotonic() + 30
        with self.connection("postgres") as connection:
            while connection.execute("select count(*) from pg_stat_activity where datname = %s and wait_event_type = 'Lock'", [name]).fetchone() != (count,):
                assert time.monotonic() < deadline, f"{count} writers were to wait for a lock"
                time.sleep(0.02)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run([programs() / program, *arguments], check=True, stdout=subprocess.DEVNULL, user=self.user, cwd=self.folder)


def _ordinary_user() -> str | None:
    """Who runs the server: ourselves, unless we are root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


@contextlib.contextmanager
def server():
    """A running server; stopped and removed after the block."""
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        made = Server(Path(folder))
        made.start()
        try:
            yield made
        finally:
            with contextlib.suppress(subprocess.CalledProcessError):  # where a test has stopped it
                made.stop()

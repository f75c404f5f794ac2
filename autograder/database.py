"""Where the gradebook is: SQLite in the course's folder, or the database server that the environment names, for nbgrader's commands and ours alike."""

import os
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError

VARIABLE = "AUTOGRADER_DB_URL"  # from the environment, since it holds a password
GIVE_UP = {"connect_timeout": "10", "keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3", "tcp_user_timeout": "25000"}  # on a silent server
INSTALL = "install it with: pip install 'psycopg[binary]==3.3.9'"


def gradebook_url() -> str | None:
    """The URL that the environment names, such as postgresql://USER:PASSWORD@HOST/NAME; None for the course's own file. Raises ValueError where it is none."""
    text = os.environ.get(VARIABLE)
    if not text:
        return None
    try:
        url = make_url(text.replace("postgres://", "postgresql://", 1) if text.startswith("postgres://") else text)
    except ArgumentError:
        raise ValueError(f"{VARIABLE} is not a database's URL, such as postgresql://USER:PASSWORD@HOST/NAME") from None
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername == "postgresql+psycopg":
        _require_psycopg()
        url = url.set(query=GIVE_UP | dict(url.query))
    return url.render_as_string(hide_password=False)


def shown(url: str) -> str:
    """A database's URL for people: without its password and its options."""
    return make_url(url).set(query={}).render_as_string(hide_password=True)


def gradebook_of(course: Path) -> str:
    """Where a course's gradebook is, for people."""
    url = gradebook_url()
    return f"{course}/gradebook.db" if url is None else shown(url)


def unreachable(url: str, error: OperationalError) -> ConnectionError:
    """The error to raise where a database's server does not answer, in one line."""
    return ConnectionError(f"the gradebook's server cannot be reached: {shown(url)}: {str(error.orig).splitlines()[0]}")


def require_reachable(url: str) -> None:
    """Connect once. Raises ConnectionError."""
    engine = create_engine(url)
    try:
        engine.connect().close()
    except OperationalError as error:
        raise unreachable(url, error) from None
    finally:
        engine.dispose()


def _require_psycopg() -> None:
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise ValueError(f"{VARIABLE} names a PostgreSQL server, but its driver is not here; {INSTALL}") from None

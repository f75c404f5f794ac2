"""Install what the tests of hosts and servers need and this machine lacks: `python tests/servers/install.py` (what `make test-servers` runs first).

Where it cannot be had, the tests that need it are skipped and say why; on a machine for checking changes (CI=true) that is a failure.
"""

import os
import shutil
import subprocess
import sys

import database
import hosts


def install(packages: list[str]) -> None:
    """By the system's packages, as root, or with sudo that asks nothing."""
    if not shutil.which("apt-get"):
        return
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    subprocess.run([*sudo, "apt-get", "update", "-qq"], check=False)
    command = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    subprocess.run([*sudo, *command], check=False, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    wanted = [package for package, there in (("iproute2", shutil.which("ip")), ("postgresql", database.programs())) if not there]
    if wanted:
        install(wanted)
    lacking = [reason for reason in (hosts.missing(), database.missing()) if reason]
    print("\n".join(lacking) or "network namespaces and PostgreSQL are here")
    sys.exit(bool(lacking) and os.environ.get("CI") == "true")

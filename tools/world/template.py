# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a data folder once per server version; every server starts from a copy of it. Standard library only."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from pathlib import Path

from world.errors import WorldError
from world.installation import Installation
from world.layout import SERVERS, locked, write_private

ADMIN = "world_admin"
# Redo logs this small keep the template, and so each copy of it, small. Debian's MySQL wants a folder that is not there
# unless it may read and write no files, and its X protocol would want a port of its own.
OPTIONS = {
    "mysql": ("--innodb-redo-log-capacity=8M", "--secure-file-priv=NULL", "--mysqlx=OFF"),
    "mariadb": ("--innodb-log-file-size=8M",),
}
BOOTSTRAP = (
    "system_tables.sql",
    "performance_tables.sql",
    "system_tables_data.sql",
    "maria_add_gis_sp_bootstrap.sql",
    "sys_schema.sql",
)
# MariaDB 10.5 has no sys schema yet.
OPTIONAL = ("sys_schema.sql",)


def base_options(installation: Installation) -> list[str]:
    """Return the command and the options that hold for every run of this server."""
    options = [*installation.command, "--innodb-buffer-pool-size=32M", *OPTIONS[installation.flavor]]
    return [*options, "--user=root"] if os.geteuid() == 0 else options


def prepare(installation: Installation) -> Path:
    """Return the template's folder: `data` to copy, and `admin`, the password of its only account."""
    folder = SERVERS / f"{installation.flavor}-template-{installation.version}"
    with locked(SERVERS / f".{installation.flavor}-template.lock"):
        if not folder.is_dir():
            print(f"{installation.name}: preparing an empty database of {installation.version}", flush=True)
            partial = folder.with_name(f".{folder.name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            (partial / "data").mkdir(parents=True, mode=0o700)
            create(installation, partial)
            partial.rename(folder)
    return folder


def create(installation: Installation, folder: Path) -> None:
    """Initialise the data folder and leave in it one administrator and no root account."""
    # The password keeps other local users out: a server takes 127.0.0.1 for localhost.
    password = secrets.token_urlsafe(24)
    write_private(folder / "admin", password)
    if installation.flavor == "mysql":
        create_mysql(installation, folder, password)
    else:
        create_mariadb(installation, folder, password)


def create_mysql(installation: Installation, folder: Path, password: str) -> None:
    """MySQL initialises itself; accounts can only be changed by a second start, which ends itself."""
    data, statements = folder / "data", folder / "init.sql"
    run(installation, folder, ["--initialize-insecure", f"--datadir={data}"])
    write_private(statements, f"{accounts(password)}DROP USER root@localhost;\nSHUTDOWN;\n")
    # The server works in its data folder, and a full path may be too long for a socket.
    files = ["--socket=s", "--pid-file=p"]
    options = [f"--datadir={data}", f"--init-file={statements}", "--skip-networking", "--disable-log-bin", *files]
    run(installation, folder, options)
    statements.unlink()
    # Each copy becomes a server of its own: it must not share this one's identity.
    (data / "auto.cnf").unlink(missing_ok=True)


def create_mariadb(installation: Installation, folder: Path, password: str) -> None:
    """MariaDB reads its system tables from SQL files; the help texts among them are left out."""
    (folder / "data" / "mysql").mkdir(mode=0o700)
    parts = ["use mysql;\nSET @auth_root_socket=NULL;\n"]
    parts += [system_tables(installation.share, name) for name in BOOTSTRAP]
    parts += ["DELETE FROM mysql.global_priv WHERE User IN ('', 'root');\nDELETE FROM mysql.proxies_priv;\n"]
    parts += ["FLUSH PRIVILEGES;\n", accounts(password)]
    run(installation, folder, ["--bootstrap", f"--datadir={folder / 'data'}", "--skip-log-bin"], "".join(parts))


def system_tables(share: Path, name: str) -> str:
    """Return one of MariaDB's SQL files, under its old or its new name."""
    for path in (share / f"mysql_{name}", share / f"mariadb_{name}", share / name):
        if path.is_file():
            return path.read_text()
    if name in OPTIONAL:
        return ""
    raise WorldError(f"MariaDB's {name} is not in {share}: name a complete server with MARIADBD=/path/to/mariadbd.")


def accounts(password: str) -> str:
    """Return the statements that make the administrator; the password's alphabet needs no escaping."""
    return (
        f"CREATE USER {ADMIN}@localhost IDENTIFIED BY '{password}';\n"
        f"GRANT ALL ON *.* TO {ADMIN}@localhost WITH GRANT OPTION;\n"
    )


def run(installation: Installation, folder: Path, options: list[str], statements: str = "") -> None:
    """Run the server until it ends by itself, and say which log tells why when it fails."""
    log = folder.parent / f"{installation.flavor}-template.log"
    with log.open("w") as output:
        done = subprocess.run(
            [*base_options(installation), *options],
            input=statements.encode(),
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=180,
            check=False,
        )
    if done.returncode:
        raise WorldError(f"{installation.name} {installation.version} could not prepare a database: see {log}.")
    log.unlink()

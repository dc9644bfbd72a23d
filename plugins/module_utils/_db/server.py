# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which server answered, and whether a password may be changed there.

One statement asks everything that can be asked without a privilege and without an error on any server.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from .._codes import Code
from .._errors import ConnectionLost, RotationError
from .connection import Session
from .members import Member, members

MYSQL, MARIADB = "mysql", "mariadb"
# RETAIN CURRENT PASSWORD came with MySQL 8.0.14, several methods for one account with MariaDB 10.4.
OLDEST = {MYSQL: (8, 0, 14), MARIADB: (10, 4, 0)}

_VARIABLES = (
    *("version", "version_comment", "hostname", "port", "datadir", "server_uuid", "server_uid"),
    *("read_only", "super_read_only", "innodb_read_only", "skip_grant_tables", "log_raw"),
    *("wsrep_on", "group_replication_group_name", "group_replication_single_primary_mode"),
    *("log_bin", "rpl_semi_sync_source_enabled", "rpl_semi_sync_source_timeout"),
    *("rpl_semi_sync_source_wait_for_replica_count", "rpl_semi_sync_master_wait_for_slave_count"),
    *("rpl_semi_sync_master_enabled", "rpl_semi_sync_master_timeout"),
    *("strict_password_validation", "caching_sha2_password_digest_rounds", "default_password_lifetime"),
)
_PATTERNS = ("validate_password%", "simple_password_check%", "cracklib_password_check%")
_ON = ("ON", "1", "YES", "TRUE")


@dataclass(frozen=True)
class Server:
    """What the server says about itself; ``replicates`` is None where the account may not ask.

    ``former_ids`` are those by which earlier releases knew it. ``members`` are the servers of its group.
    """

    flavor: str
    version: tuple[int, ...]
    server_id: str
    variables: Mapping[str, str]
    current_user: str
    replicates: bool | None
    former_ids: tuple[str, ...] = ()
    members: tuple[Member, ...] = ()

    @property
    def group(self) -> str:
        """Return the name of the replication group that the server is set up for; empty where there is none."""
        return self.variables.get("group_replication_group_name", "")

    @property
    def title(self) -> str:
        """Return the server's kind and version, for people."""
        name = {MYSQL: "MySQL", MARIADB: "MariaDB"}[self.flavor]
        return f"{name} {'.'.join(str(part) for part in self.version)}"

    @property
    def grants_off(self) -> bool:
        """Return True if everybody is let in; the anonymous account of a row without a host is "@" on MySQL only."""
        nobody = "@" if self.flavor == MARIADB else "skip-grants user@skip-grants host"
        return self.on("skip_grant_tables") or self.current_user == nobody

    def on(self, variable: str) -> bool:
        """Return True if a switch is on; one the server does not have is off."""
        return self.variables.get(variable, "").upper() in _ON


def identify(session: Session) -> Server:
    """Ask the server who it is.

    Raises RotationError (unsupported_server) for anything but MySQL 8.0.14 and MariaDB 10.4 or later.
    """
    variables = _variables(session)
    flavor = MARIADB if "mariadb" in variables["version"].lower() else MYSQL
    version = _supported(flavor, variables)
    return Server(
        flavor=flavor,
        version=version,
        server_id=_ids(variables)[0],
        former_ids=_ids(variables)[1:],
        members=_members(session, variables),
        variables=variables,
        current_user=str(session.value("SELECT CURRENT_USER()")),
        replicates=_replicates(session, flavor, version),
    )


def refuse_other_place(session: Session, server: Server, rows: Collection[str], company: Collection[str] = ()) -> None:
    """Raise a RotationError where a session is on another server, or opened another account row than one of these.

    Another server of ``company`` has taken the first one's place: then it is a ConnectionLost.
    """
    current_user = str(session.value("SELECT CURRENT_USER()"))
    _refuse_anonymous(current_user)
    if current_user not in rows:
        raise RotationError(
            f"The new password logged in as {current_user}, not as {' or '.join(sorted(rows))}.", code=Code.OTHER_ROW
        )
    server_id = _ids(_variables(session))[0]
    if server_id in company and server_id != server.server_id:
        raise ConnectionLost(
            f"The server {server_id} took the place of {server.server_id} while the run was at work.",
            code=Code.SERVER_MOVED,
        )
    if server_id != server.server_id:
        raise _unsuitable(
            Code.SEVERAL_SERVERS,
            "behind this address is not always the same one",
            f"Point the secret's host at one server and {_PROMISE}",
        )


def refuse_unsuitable(server: Server, *, single_writer: bool) -> None:
    """Raise a RotationError where a change would be refused, unproven or not kept."""
    if server.grants_off:
        raise _unsuitable(
            Code.GRANTS_OFF, "lets everybody in with any password", "Restart it without skip_grant_tables"
        )
    _refuse_anonymous(server.current_user)
    if any(server.on(name) for name in ("read_only", "super_read_only", "innodb_read_only")):
        raise _unsuitable(Code.READ_ONLY, "is read-only", "Point the secret's host at the writer")
    if single_writer:
        return
    if server.replicates:
        raise _unsuitable(
            Code.REPLICA, "is a replica of another server", f"Point the secret's host at its source, or {_PROMISE}"
        )
    if server.on("wsrep_on") or _multi_primary(server):
        raise _unsuitable(
            Code.SEVERAL_WRITERS,
            "is one of several writers (Galera or multi-primary), whose locks do not hold on the others",
            f"Point the secret's host at one node and {_PROMISE}",
        )


def _refuse_anonymous(current_user: str) -> None:
    """Raise a RotationError where a login was let in as the account without a name."""
    user, _at, host = current_user.rpartition("@")
    if user:
        return
    raise RotationError(
        f"The login was let in as the anonymous account {quoted('', host)}, which stands before every row of a less"
        " specific host.",
        code=Code.ANONYMOUS_ACCOUNT,
        next_step=f"As another administrator: DROP USER {quoted('', host)}; then run the same command again.",
    )


def quoted(user: str, host: str) -> str:
    """Write an account as a statement does, for a person to copy."""
    parts = (part.replace("\\", "\\\\").replace("'", "''") for part in (user, host))
    return "@".join(f"'{part}'" for part in parts)


_PROMISE = "promise by {option|single_writer}=true that this address is the one that is written to"


def _variables(session: Session) -> dict[str, str]:
    names = ", ".join(["%s"] * len(_VARIABLES))
    patterns = " OR ".join(["Variable_name LIKE %s"] * len(_PATTERNS))
    rows = session.query(
        f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({names}) OR {patterns}",
        *_VARIABLES,
        *_PATTERNS,
    )
    return {"version": "unknown", **{str(name).lower(): str(value) for name, value in rows}}


def _supported(flavor: str, variables: Mapping[str, str]) -> tuple[int, ...]:
    match = re.match(r"(\d+)\.(\d+)\.(\d+)", variables["version"])
    version = tuple(int(part) for part in match.groups()) if match else (0, 0, 0)
    if version < OLDEST[flavor] or "tidb" in variables["version"].lower():
        raise RotationError(
            f"The server is {variables['version']}, which is not supported.",
            code=Code.UNSUPPORTED_SERVER,
            next_step="Supported are MySQL 8.0.14 and later and MariaDB 10.4 and later.",
        )
    return version


def _ids(variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return the identity of a server, and after it those that earlier releases gave the same one.

    MariaDB's server_uid is a digest of MAC address and port, so containers and addresses of one machine share it.
    """
    if variables.get("server_uuid"):
        return (variables["server_uuid"],)
    uid = variables.get("server_uid", "")
    place = "|".join(variables.get(name, "") for name in ("hostname", "port", "datadir"))
    former = "place:" + hashlib.sha256(place.encode()).hexdigest()[:32]
    if not uid:
        return (former,)
    return "mariadb:" + hashlib.sha256(f"{uid}|{place}".encode()).hexdigest()[:32], uid, former


def _members(session: Session, variables: Mapping[str, str]) -> tuple[Member, ...]:
    return (members(session) or ()) if variables.get("group_replication_group_name") else ()


def _replicates(session: Session, flavor: str, version: tuple[int, ...]) -> bool | None:
    if flavor == MARIADB:
        statement = "SHOW ALL SLAVES STATUS"
    else:
        statement = "SHOW REPLICA STATUS" if version >= (8, 0, 22) else "SHOW SLAVE STATUS"
    try:
        return bool(session.query(statement))
    except RotationError as error:
        if error.code == Code.PRIVILEGE_MISSING:
            return None
        raise


def _multi_primary(server: Server) -> bool:
    in_group = bool(server.variables.get("group_replication_group_name"))
    return in_group and not server.on("group_replication_single_primary_mode")


def _unsuitable(code: str, what: str, remedy: str) -> RotationError:
    return RotationError(f"The server {what}.", code=code, next_step=f"{remedy}; then run the same command again.")

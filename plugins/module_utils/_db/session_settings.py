# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything a session sets for itself, so that no setting of the server changes what a statement means or returns.

One statement for every server, sent first. Which parts a server takes it decides itself by its version comments
(https://dev.mysql.com/doc/refman/8.4/en/comments.html, https://mariadb.com/kb/en/comment-syntax/), so nothing here
depends on a greeting, which comes before TLS. No value is a string where '' might be read as NULL.
"""

from __future__ import annotations

from collections.abc import Mapping

LOCK_WAIT_TIMEOUT = 3
STATEMENT_TIME = 5
# After its last statement a session outlives the deadline of its run by so much.
AFTERLIFE = 30
_NO_LIMIT = 2**64 - 1
_TABLE_SIZE = 16 * 1024 * 1024

# How a statement and its bound values are read, and how a result is written.
_LANGUAGE = {
    "sql_mode": "0",
    "time_zone": "'+00:00'",
    "sql_quote_show_create": "1",  # SHOW GRANTS too
    "sql_auto_is_null": "0",
}
# What a statement may return, use and wait for.
_LIMITS = {
    "sql_select_limit": str(_NO_LIMIT),
    "sql_safe_updates": "0",
    "sql_big_selects": "1",
    "tmp_table_size": str(_TABLE_SIZE),
    "max_heap_table_size": str(_TABLE_SIZE),
    "lock_wait_timeout": str(LOCK_WAIT_TIMEOUT),
    "net_read_timeout": str(AFTERLIFE),
    "net_write_timeout": str(AFTERLIFE),
}
_TRANSACTIONS = {"autocommit": "1", "completion_type": "0"}
_MYSQL = {
    "transaction_isolation": "'REPEATABLE-READ'",
    "transaction_read_only": "0",
    "innodb_lock_wait_timeout": str(LOCK_WAIT_TIMEOUT),
    "max_execution_time": str(STATEMENT_TIME * 1000),
}
_MARIADB = {
    "tx_isolation": "'REPEATABLE-READ'",
    "tx_read_only": "0",
    "max_statement_time": str(STATEMENT_TIME),
    "max_session_mem_used": str(2**63 - 1),
    "tmp_disk_table_size": str(_NO_LIMIT),
    "max_error_count": "64",  # SHOW WARNINGS, which only MariaDB gets; on MySQL it takes a privilege
    "old_mode": "0",
    "old_passwords": "0",
}


def settings_statement(deadline: float) -> str:
    """Return the statement for a session of a run with so many seconds."""
    everywhere = {**_LANGUAGE, **_LIMITS, **_TRANSACTIONS, "wait_timeout": str(int(deadline) + AFTERLIFE)}
    return (
        f"SET NAMES utf8mb4 COLLATE utf8mb4_general_ci{_join(everywhere)}"
        f" /*!80014 {_join(_MYSQL)} */ /*M!100400 {_join(_MARIADB)} */"
    )


def _join(settings: Mapping[str, str]) -> str:
    return "".join(f", {name}={value}" for name, value in settings.items())

# SPDX-License-Identifier: GPL-3.0-or-later
"""The one statement that sets a session up: right on every server, whatever that server's own settings are."""

from __future__ import annotations

import re

from ansible_collections.dbops.rotation.plugins.module_utils._db.session_settings import settings_statement

STATEMENT = settings_statement(300)


def test_it_is_short_enough_for_the_smallest_packet_that_a_server_may_take() -> None:
    assert len(STATEMENT) < 1024


def test_no_mode_reads_it_in_another_way() -> None:
    assert not re.search(r"[\"\\\\|`]", STATEMENT)  # ANSI_QUOTES, NO_BACKSLASH_ESCAPES, PIPES_AS_CONCAT
    assert "''" not in STATEMENT and "DEFAULT" not in STATEMENT  # EMPTY_STRING_IS_NULL; the server's own value


def test_a_session_outlives_the_deadline_of_its_run() -> None:
    assert "wait_timeout=330 " in STATEMENT and "lock_wait_timeout=3," in STATEMENT


def test_what_only_one_kind_of_server_knows_is_a_comment_to_the_other() -> None:
    mysql, mariadb = re.findall(r"/\*(!80014|M!100400) (.*?) \*/", STATEMENT)
    assert mysql[0] == "!80014" and "max_execution_time=5000" in mysql[1]
    assert mariadb[0] == "M!100400" and "max_statement_time=5" in mariadb[1]

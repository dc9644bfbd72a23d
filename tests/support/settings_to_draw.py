# SPDX-License-Identifier: GPL-3.0-or-later
"""Global settings of a server that alter how statements are read, what they give or how long they may take.

Each has values with which an administrator can still work. Nothing that rightly refuses a rotation is among them
(read_only, offline_mode, a policy for passwords or plugins ...): that has tests of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

Values = Sequence[object]

SWITCHES = (
    *("autocommit", "sql_safe_updates", "sql_big_selects", "sql_auto_is_null", "sql_notes", "sql_warnings"),
    *("sql_quote_show_create", "sql_buffer_result", "big_tables", "low_priority_updates", "foreign_key_checks"),
    *("unique_checks", "slow_query_log", "require_secure_transport"),
)
ISOLATION = ("READ-UNCOMMITTED", "READ-COMMITTED", "REPEATABLE-READ", "SERIALIZABLE")
CHARACTER_SETS = ("latin1", "utf8mb3", "utf8mb4", "cp1251", "binary", "gbk")
EVERYWHERE: Mapping[str, Values] = {
    **dict.fromkeys(SWITCHES, (0, 1)),
    "sql_select_limit": (0, 1, 2),
    "max_join_size": (1, 10),
    "completion_type": (0, 1, 2),
    "time_zone": ("+13:00", "-11:30"),
    "lock_wait_timeout": (1, 31536000),
    "innodb_lock_wait_timeout": (1, 50),
    "net_read_timeout": (1, 30),
    "net_write_timeout": (1, 60),
    "wait_timeout": (5, 28800),
    "interactive_timeout": (5, 28800),
    "max_error_count": (0, 1),
    "tmp_table_size": (1024, 16777216),
    "max_heap_table_size": (16384, 16777216),
    "max_sort_length": (64, 8388608),
    "max_length_for_sort_data": (4, 8388608),
    "sort_buffer_size": (32768, 262144),
    "join_buffer_size": (128, 262144),
    "read_buffer_size": (8192, 131072),
    "read_rnd_buffer_size": (1, 262144),
    "group_concat_max_len": (4, 1024),
    "div_precision_increment": (0, 30),
    "default_week_format": (0, 7),
    "optimizer_search_depth": (0, 62),
    "optimizer_prune_level": (0, 1),
    "optimizer_switch": ("derived_merge=off", "materialization=off,semijoin=off", "index_condition_pushdown=off"),
    "eq_range_index_dive_limit": (0, 1),
    "min_examined_row_limit": (0, 1000),
    "long_query_time": (0, 10),
    "max_allowed_packet": (16384, 1073741824),
    "net_buffer_length": (1024, 16384),
    "connect_timeout": (5, 10),
    "lc_messages": ("de_DE", "ja_JP", "ru_RU"),
    "lc_time_names": ("de_DE", "ar_SA"),
    "character_set_server": CHARACTER_SETS,
    "character_set_client": CHARACTER_SETS,
    "character_set_results": CHARACTER_SETS,
    "character_set_connection": CHARACTER_SETS,
    "character_set_filesystem": CHARACTER_SETS,
    "default_password_lifetime": (0, 90),
    "init_connect": (
        "SET SESSION sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES'",
        "SET SESSION sql_select_limit = 0, autocommit = 0",
        "SET NAMES cp1251",
        "SET SESSION TRANSACTION READ ONLY",
        "START TRANSACTION READ ONLY",
        "SELECT 1",
    ),
}
MYSQL: Mapping[str, Values] = {
    "transaction_isolation": ISOLATION,
    "transaction_read_only": (0, 1),
    "max_execution_time": (1, 50),
    "print_identified_with_as_hex": (0, 1),
    "partial_revokes": (1,),
    "activate_all_roles_on_login": (0, 1),
    "sql_require_primary_key": (0, 1),
    "sql_generate_invisible_primary_key": (0, 1),
    "authentication_policy": ("*,,", "caching_sha2_password,,", "*:sha256_password,,"),
    "internal_tmp_mem_storage_engine": ("MEMORY", "TempTable"),
    "range_optimizer_max_mem_size": (1, 8388608),
    "parser_max_mem_size": (10000000,),
    "cte_max_recursion_depth": (0, 1000),
    "default_collation_for_utf8mb4": ("utf8mb4_general_ci", "utf8mb4_0900_ai_ci"),
    "information_schema_stats_expiry": (0, 86400),
    "password_require_current": (0, 1),
    "password_history": (0, 5),
    "password_reuse_interval": (0, 365),
    "log_raw": (0, 1),
    "terminology_use_previous": ("NONE", "BEFORE_8_0_26", "BEFORE_8_2_0"),
    "show_create_table_verbosity": (0, 1),
    "end_markers_in_json": (0, 1),
    "group_concat_max_len": (4, 1024),
}
MARIADB: Mapping[str, Values] = {
    "tx_isolation": ISOLATION,
    "tx_read_only": (0, 1),
    "max_statement_time": (0.05, 1),
    "max_session_mem_used": (300000,),
    "tmp_disk_table_size": (1024, 16384),
    "tmp_memory_table_size": (0, 1024),
    "old_mode": ("", "UTF8_IS_UTF8MB3,NO_PROGRESS_INFO", "NO_DUP_KEY_WARNINGS_WITH_IGNORE,ZERO_DATE_TIME_CAST"),
    "old_passwords": (0, 1),
    "query_cache_type": (0, 1, 2),
    "sql_if_exists": (0, 1),
    "standard_compliant_cte": (0, 1),
    "strict_password_validation": (0, 1),
    "max_recursive_iterations": (0, 1000),
    "in_predicate_conversion_threshold": (0, 2),
    "expensive_subquery_limit": (0, 100),
    "idle_transaction_timeout": (1,),
    "join_cache_level": (0, 8),
    "default_regex_flags": ("DOTALL,EXTENDED",),
    "enforce_storage_engine": ("Aria", "MEMORY"),
    "default_tmp_storage_engine": ("MEMORY",),
    "progress_report_time": (1,),
    "use_stat_tables": ("NEVER",),
}
MODES = (
    *("ANSI", "ANSI_QUOTES", "PIPES_AS_CONCAT", "IGNORE_SPACE", "NO_BACKSLASH_ESCAPES", "NO_UNSIGNED_SUBTRACTION"),
    *("NO_AUTO_VALUE_ON_ZERO", "ONLY_FULL_GROUP_BY", "STRICT_ALL_TABLES", "TRADITIONAL", "HIGH_NOT_PRECEDENCE"),
    *("PAD_CHAR_TO_FULL_LENGTH", "REAL_AS_FLOAT", "NO_ZERO_DATE", "NO_DIR_IN_CREATE"),
)
MARIADB_MODES = ("ORACLE", "MSSQL", "DB2", "MAXDB", "POSTGRESQL", "EMPTY_STRING_IS_NULL", "SIMULTANEOUS_ASSIGNMENT")


def settings_of(flavor: str) -> Mapping[str, Values]:
    """Return what may be drawn for a kind of server, but for sql_mode, of which any combination is."""
    return {**EVERYWHERE, **(MYSQL if flavor == "mysql" else MARIADB)}


def draw(flavor: str, random: Random) -> dict[str, object]:
    """Draw some settings and their values, and a mode in most cases."""
    choices = settings_of(flavor)
    names = random.sample(sorted(choices), random.randint(1, len(choices) // 2))
    modes = MODES if flavor == "mysql" else MODES + MARIADB_MODES
    drawn = {name: random.choice(choices[name]) for name in names}
    return drawn | {"sql_mode": ",".join(random.sample(modes, random.randint(0, 4)))}

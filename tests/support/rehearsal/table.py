# SPDX-License-Identifier: GPL-3.0-or-later
"""Every rehearsal: entry, trouble, the commands to follow, and what they say; what is not rehearsed, and why."""

from __future__ import annotations

from typing import Any

from rehearsal import access, accounts, alarms, fleet, functions, labels, locks, lost, servers
from rehearsal.rehearsal import (
    AGAIN,
    ALARM,
    BOTH,
    MARIADB,
    MYSQL,
    RECONCILE,
    RECOVERY,
    ROLLBACK,
    ROTATE,
    SCHEDULED,
    VERIFY,
    Of,
    Refused,
    Rehearsal,
    Shows,
    Step,
    Trouble,
)

LOCKED_OUT = "The account is locked after too many failed logins"
BY_HAND = "Somebody changed the password by hand"
MOVED_BACK = "Somebody moved the label back in the console"
NOT_SURE = "AWSCURRENT was moved by somebody else meanwhile; AWSPENDING (VERSION) opens the server"
SET_BACK = "The database was restored from an old backup"
LOST = "A secret is lost"
NOBODY_KNOWS = "Nobody knows the password"
KEY = "A KMS key is gone"
REGION = "A replica region lags or has failed"
FROM_FILE = "restore.yml -l client_acme"
IN_SECRET_AGAIN = "the password that works is in the secret again"

ACCOUNTS = (
    Rehearsal(
        "account_expired", accounts.expired, ("print_identified", "SHOW CREATE", accounts.hash_is_read, "0x...", AGAIN)
    ),
    Rehearsal("account_expired", accounts.expired_by_its_lifetime, ("EXPIRE NEVER", AGAIN)),
    Rehearsal("account_locked", accounts.locked, ("ACCOUNT UNLOCK", AGAIN), MARIADB),
    Rehearsal("account_limits", accounts.one_connection_only, ("MAX_USER_CONNECTIONS", AGAIN), MARIADB),
    Rehearsal(LOCKED_OUT, accounts.locked_out, ("UNLOCK", "-e rotation_overlap"), seen="account_locked_out"),
    Rehearsal(LOCKED_OUT, accounts.locked_out_by_the_server, ("FLUSH",), MARIADB, seen="account_locked_out"),
    Rehearsal("privilege_missing", accounts.may_not_change, ("GRANT", AGAIN)),
    Rehearsal("select_denied", accounts.may_not_read, ("GRANT", AGAIN)),
    Rehearsal("row_problem", accounts.with_an_empty_row, ("DROP USER", AGAIN), MYSQL),
    Rehearsal("anonymous_account", accounts.anonymous, ("SELECT user", "DROP USER", AGAIN), MARIADB),
    Rehearsal("foreign_secondary", accounts.with_a_second_password, ("rotate.yml",), hosts=("localhost", "%")),
    Rehearsal("foreign_secondary", accounts.with_a_second_password, ("DISCARD", RECOVERY)),
    Rehearsal("server_expiry", accounts.expires_too_soon, ("ALTER USER",), first=VERIFY),
    Rehearsal("server_expiry", accounts.expires_too_soon, (accounts.rotated_sooner, "rotate.yml"), first=VERIFY),
    Rehearsal("grants_changed", accounts.with_other_grants, ("SHOW GRANTS", "rotate.yml"), first=VERIFY),
)

LABELS = (
    Rehearsal("known_refused", labels.known_and_repaired, ("reconcile.yml",), MYSQL, first=RECOVERY),
    Rehearsal(
        "nothing_to_reconcile", labels.in_an_overlap, ("rollback.yml",), MARIADB, first=Of(MOVED_BACK, "AWSPREVIOUS")
    ),
    Rehearsal(NOT_SURE, labels.an_old_version_is_current, ("reconcile.yml",), MYSQL, seen="login_refused"),
    Rehearsal("impossible_due", labels.due_in_ten_years, ("rotate.yml",), first=SCHEDULED),
    Rehearsal("impossible_due", labels.due_in_ten_years, ("tag-resource",), first=SCHEDULED),
    Rehearsal(
        "secret_not_found",
        labels.under_another_name,
        (Shows("list-secrets", "clients/client_acme/mysql/root"), labels.under_its_name, AGAIN),
    ),
    Rehearsal("secret_deleted", labels.scheduled_for_deletion, ("restore-secret",)),
    Rehearsal("other_server", labels.of_another_server, (labels.reads_the_servers_id, "rotate.yml"), MARIADB),
    Rehearsal(
        BY_HAND,
        labels.changed_by_hand,
        ("reconcile_prompt", "verify.yml", "rotate.yml", "SELECT host"),
        seen="login_refused",
        says=(IN_SECRET_AGAIN, "rotated"),
    ),
    Rehearsal(
        BY_HAND,
        labels.changed_by_hand,
        ("password_file", "rotate.yml"),
        MARIADB,
        seen="login_refused",
        first=RECONCILE,
        says=(IN_SECRET_AGAIN,),
    ),
    Rehearsal(
        BY_HAND,
        labels.changed_by_hand,
        (labels.repaired, "playbooks/reconcile.yml -l client_acme"),
        MARIADB,
        seen="login_refused",
    ),
    Rehearsal(
        MOVED_BACK,
        labels.moved_back_while_both_open,
        ("rollback.yml",),
        MYSQL,
        seen="label_moved_back",
        says=("rolled back to the previous password",),
    ),
    Rehearsal(
        MOVED_BACK,
        labels.moved_back_while_both_open,
        ("AWSPREVIOUS",),
        MARIADB,
        seen="label_moved_back",
        says=(IN_SECRET_AGAIN,),
    ),
    Rehearsal(MOVED_BACK, labels.moved_back, ("AWSPREVIOUS",), seen="login_refused", says=(IN_SECRET_AGAIN,)),
    Rehearsal(
        MOVED_BACK,
        labels.moved_back,
        ("rollback.yml",),
        seen="login_refused",
        says=("rolled back to the previous password",),
    ),
    Rehearsal("The messages", labels.stuck, ("recovery",), MARIADB, seen="unfinished", first=VERIFY),
    Rehearsal("nothing_to_restore", labels.never_rotated, ("rotate.yml",), first=ROLLBACK),
    Rehearsal("shared_account", labels.shared, ("-e rotation_server_label",)),
    Rehearsal("First", labels.not_managed, ("onboard.yml",), first=""),
    Rehearsal("First", labels.well, ("rollback.yml",), MARIADB, first=""),
    Rehearsal("First", lost.known_to_the_inventory, ("restore.yml",), first=""),
)

LOCKS = (
    Rehearsal("lock_taken", locks.of_no_rotation, ("SHOW PROCESSLIST", "KILL", AGAIN), MARIADB),
    Rehearsal("fence_busy", locks.of_a_run_whose_machine_is_gone, ("KILL", AGAIN), MYSQL),
    Rehearsal("slot_busy", locks.of_another_account_of_the_server, ("KILL", AGAIN)),
    Rehearsal("server_busy", locks.of_a_backup, ("SHOW PROCESSLIST", locks.the_backup_ends, AGAIN), MYSQL),
)

SERVERS = (
    Rehearsal("init_connect", servers.with_an_init_connect_that_fails, ("SELECT", "SET GLOBAL", AGAIN)),
    Rehearsal("authentication_policy", servers.with_a_narrow_policy_of_plugins, ("GRANT", AGAIN)),
    Rehearsal(
        "server_unreachable",
        servers.at_a_port_where_nobody_listens,
        (Shows("openssl", "refused"), servers.at_its_port, AGAIN),
    ),
    Rehearsal("deadline", servers.too_slow, ("-e rotation_deadline", servers.time_enough)),
    Rehearsal("tls_name", servers.with_a_certificate_for_another_name, ("-e rotation_tls_server_name",), end=""),
    Rehearsal(
        "tls_untrusted",
        servers.with_another_authority,
        (Shows("openssl", "BEGIN CERTIFICATE"), servers.with_its_authority, AGAIN),
        MARIADB,
    ),
    Rehearsal("plaintext_needed", servers.with_strict_validation, ("SET GLOBAL", AGAIN), MARIADB),
    Rehearsal(
        "plaintext_needed",
        servers.with_strict_validation,
        ("-e rotation_allow",),
        MARIADB,
    ),
    Rehearsal(
        "aws_unreachable",
        access.without_keys,
        (Shows("get-caller-identity", "credentials"), access.with_keys, "get-caller-identity", AGAIN),
    ),
    Rehearsal(
        "spool_unreadable",
        access.spool_is_no_folder,
        ("-e rotation_history_spool",),
        first="run:ansible-playbook playbooks/history.yml -l client_acme",
    ),
)

LOST_THINGS = (
    Rehearsal(
        SET_BACK,
        lost.database_set_back,
        (
            "list-secret-version-ids",
            lost.reads_the_version,
            Refused("VERSION --check", "other_server"),
            Refused("reconcile.yml -l client_acme -e rotation_reconcile_version=VERSION", "other_server"),
            labels.reads_the_servers_id,
            "ID",
            "rotate.yml",
        ),
        seen="login_refused",
    ),
    Rehearsal(
        SET_BACK,
        lost.database_set_back_beyond_the_secret,
        ("replace=true --check", "restore.yml", "rotate.yml"),
        seen="login_refused",
    ),
    Rehearsal(LOST, lost.secret_gone, ("--check --diff", FROM_FILE), MYSQL, seen="secret_not_found"),
    Rehearsal(
        NOBODY_KNOWS,
        lost.nobody_knows,
        (
            "umask",
            "cat",
            "create-secret",
            "rm",
            Refused("-e rotation_reconcile_admin_secret_id=break-glass/client_acme", "nothing_covered"),
            "adopt",
        ),
        BOTH,
        seen="login_refused",
        says=("rotated",),
        hosts=("localhost", "%"),
    ),
    Rehearsal(
        KEY,
        lost.key_disabled,
        ("query KmsKeyId", Shows("describe-key", "Disabled"), "aws kms enable-key", RECOVERY),
        seen="aws_kms",
    ),
    Rehearsal(
        KEY,
        lost.key_to_be_deleted,
        (Shows("describe-key", "PendingDeletion"), "cancel-key-deletion", "aws kms enable-key"),
        seen="aws_kms",
    ),
    Rehearsal(KEY, lost.key_gone_for_good, ("delete-secret", lost.key_made, "onboard.yml"), seen="aws_kms"),
    Rehearsal(REGION, lost.lagging, ("describe-secret", lost.caught_up, "recovery"), MARIADB, seen="replica_lags"),
    Rehearsal(REGION, lost.lagging, ("rotation_force", lost.caught_up, "recovery"), seen="replica_lags"),
    Rehearsal(
        REGION,
        lost.failed_replica,
        ("describe-secret", lost.deleted_there, "remove-regions", "onboard.yml", "recovery"),
        first=VERIFY,
        seen="replica_failed",
    ),
    Rehearsal(
        LOST,
        lost.secret_gone_after_a_backup_in_the_middle,
        ("AWSPENDING", RECOVERY),
        first=FROM_FILE,
        seen="login_refused",
    ),
    Rehearsal(
        LOST,
        lost.secret_and_server_of_before,
        ("AWSPREVIOUS", RECOVERY),
        MARIADB,
        first=FROM_FILE,
        seen="login_refused",
    ),
    Rehearsal(LOST, lost.key_to_come, ("-e rotation_kms_key_id",), to=FROM_FILE, seen="secret_not_found"),
    Rehearsal(
        LOST, lost.region_gone, ("-e rotation_region", lost.in_the_other_region), to=FROM_FILE, seen="secret_not_found"
    ),
    Rehearsal(LOST, lost.secret_gone, ("rotation_everything",), MARIADB, seen="secret_not_found"),
)

KILLED = "The process was killed in the middle"
STOPPED = "A run over many clients has stopped before its end"
BREACH = "Every password has to be new, now"
BY_THE_STATE = "Read the state by hand"

FLEET = (
    Rehearsal(KILLED, fleet.group_killed, ("recovery", "playbooks/verify.yml"), first=""),
    Rehearsal(KILLED, fleet.job_cancelled, ("recovery",), MARIADB, first=""),
    Rehearsal(KILLED, fleet.worker_killed, ("recovery",), first=""),
    Rehearsal(STOPPED, fleet.budget_spent, ("MOMENT", "verify.yml"), first=""),
    Rehearsal(
        BREACH,
        fleet.everything_known,
        (
            "export",
            Refused("rotate.yml", "account_locked"),
            fleet.cause_mended,
            "rotate.yml",
            "verify.yml",
            "status.yml",
        ),
        first="",
    ),
    Rehearsal("sns_refused", fleet.topic_gone, (fleet.topic_there, "rotate_due.yml", fleet.notice_arrived)),
    Rehearsal("logs_refused", fleet.logs_gone, (fleet.logs_there, "verify.yml", fleet.events_arrived)),
    Rehearsal(
        BY_THE_STATE,
        labels.stuck,
        (
            "stages: VersionIdsToStages, tags",
            "list-secret-version-ids",
            "@@server_uuid",
            "User_attributes",
            "IS_USED_LOCK",
            "PROCESSLIST",
            RECOVERY,
        ),
        first="",
    ),
    Rehearsal(BY_THE_STATE, labels.stuck, ("global_priv", RECOVERY), MARIADB, first=""),
)


def ringing(name: str, trouble: Trouble, *steps: Step, **given: Any) -> Rehearsal:
    """An alarm of the audit trail."""
    return Rehearsal(f"dbops-rotation-{name}", trouble, steps, first=ALARM, needs="watched", **given)


ALARMS = (
    ringing("heartbeat", alarms.no_scheduled_run, "rotate_due.yml", alarms.heartbeat_ends),
    ringing("failed", alarms.a_rotation_failed, "history.yml", alarms.unlocked, ROTATE),
    ringing(
        "locked-out",
        alarms.programs_are_refused,
        Refused("verify.yml", "known_refused"),
        Of(BY_HAND, "reconcile_prompt"),
    ),
    ringing(
        "overdue",
        alarms.overdue,
        Shows("status.yml", "overdue since"),
        alarms.window_opens,
        "rotate_due.yml",
        says=("rotated",),
    ),
    ringing("unfinished", alarms.begun_two_days_ago, Refused("verify.yml", "unfinished"), RECOVERY),
    ringing("slow", alarms.slow, "history.yml"),
    ringing("notices-failed", alarms.nobody_was_told, fleet.topic_there, "rotate_due.yml", fleet.notice_arrived),
    ringing("stranger", alarms.read_by_a_stranger, "rotate.yml", says=("rotated",)),
)


def of_functions(name: str, trouble: Trouble, *steps: Step) -> Rehearsal:
    """An alarm of the functions."""
    return Rehearsal(f"dbops-rotation-{name}", trouble, steps, first="", end="", needs="deployed")


FUNCTIONS = (
    of_functions(
        "dead-letters",
        functions.message_given_up,
        "get-queue-url",
        functions.reads_the_url,
        "receive-message",
        functions.reads_the_receipt,
        "put-events",
        functions.rotated,
        "delete-message",
    ),
    of_functions(
        "work-waits",
        functions.queue_is_not_worked_off,
        Shows("list-event-source-mappings", "Disabl"),
        functions.reads_the_uuid,
        "update-event-source-mapping",
        Shows("list-event-source-mappings", "Enabl"),
        functions.rotated,
    ),
    of_functions("no-sweep", functions.no_sweep, Shows("get-schedule", "ENABLED"), "lambda invoke", functions.rotated),
    of_functions("rotate-errors", functions.denied, Shows("filter-log-events", "account_locked")),
    of_functions("rotate-throttles", functions.throttled, Shows("get-account-settings", "ConcurrentExecutions")),
    of_functions(
        "rotations-undelivered",
        functions.undelivered,
        Shows("describe-rule", "DISABLED"),
        "enable-rule",
        Shows("describe-rule", "ENABLED"),
    ),
)

TABLE = (*ACCOUNTS, *LABELS, *LOCKS, *SERVERS, *LOST_THINGS, *FLEET, *ALARMS, *FUNCTIONS)

MANY = "needs a group of servers or many clients: "
NO_CLOUDTRAIL = "the emulator keeps no events of CloudTrail"
LEAVES = "a client that leaves is in test_offboarding.py and test_offboard_playbook.py, which know no page"
# The entry and the words of a command, and why nobody follows it here.
NOT_REHEARSED = {
    ("First", "export ANSIBLE_INVENTORY"): "the inventory of the rehearsal stands for it",
    ("First", "offboard.yml"): LEAVES,
    ("Taken away: THINGS", "-e rotation_onboard_source"): LEAVES,
    ("not_confirmed", "-e rotation_offboard_confirm"): LEAVES,
    ("unfinished", "update-secret-version-stage"): LEAVES,
    ("overlap", "-e rotation_overlap=0"): LEAVES,
    ("login_unproven", "-e rotation_unix_socket"): "only a user of the system who has the account's name is let in so",
    ("other_row", "SELECT"): "needs a proxy whose address changes within a run",
    ("no_current", "update-secret-version-stage"): "the emulator fails where no version has the label",
    ("secret_owned", "aws rds"): "the emulator has no server of RDS whose password Secrets Manager rotates",
    ("secret_rotation_enabled", "cancel"): "the emulators have no native rotation: test_native_rotation.py",
    ("cannot_commit", "SELECT"): MANY + "test_commit.py",
    ("cannot_commit", "SHOW"): MANY + "test_commit.py",
    ("several_writers", "-e rotation_single_writer"): MANY + "test_group.py",
    ("new_password_refused", "rotate.yml"): MANY + "test_balancer.py",
    ("not_discarded", "ALTER"): "needs somebody who sets a password within a run: test_meddling.py",
    ("host_blocked", "TRUNCATE"): "a server counts no broken connections from its own machine",
    ("host_blocked", "FLUSH"): "a server counts no broken connections from its own machine",
    ("aws_unreachable", "aws sso login"): "needs a browser and a person",
    ("write_limit", "-e rotation_deadline"): MANY + "test_turns.py",
    ("write_limit", "-e rotation_write_share"): MANY + "test_turns.py",
    (
        "password_policy",
        "-e rotation_password_exclude",
    ): "chance decides whether a dictionary has it: test_password_policy.py",
    ("no_parameters", "-e rotation_parameter_path"): "the inventory of the rehearsal is a file: test_parameters.py",
    ("Functions", "put-events"): "the whole command is followed at dbops-rotation-dead-letters",
    ("dbops-rotation-stranger", "cloudtrail"): NO_CLOUDTRAIL,
    ("Somebody moved the label back in the console", "cloudtrail"): NO_CLOUDTRAIL,
    ("Nobody knows the password", "aws rds"): "the emulator has no server of RDS",
    ("A KMS key is gone", "remove-regions"): "the whole command is followed at a region that has failed",
}

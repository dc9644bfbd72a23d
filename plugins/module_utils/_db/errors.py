# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a driver raises to a diagnosis, by error number and never by the driver's text.

A syntax error quotes the tail of the statement, password included (measured), so texts are dropped here.
Numbers: https://dev.mysql.com/doc/mysql-errors/en/server-error-reference.html and measurements on MySQL 9.7,
MariaDB 10.11.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from .._certificates import certificate_fault
from .._codes import Code
from .._errors import ConnectionLost, LoginRefused, PolicyRefused, RotationError
from .._libraries import pymysql
from .._next_step import Kind, command

AGAIN = "Run the same command again when the server answers again."
BUSY = "Wait for the backup or the long statement to end, then run the same command again."


@dataclass(frozen=True)
class Diagnosis:
    """What an error number means and what a person does about it."""

    code: str
    cause: str
    next_step: str
    kind: type[RotationError] = RotationError


_REFUSED = (
    "The server refused the stored password, or the account does not exist or may not log in from this host or"
    " without TLS or a client certificate."
)
_RECONCILE = (
    "Find out whether somebody changed the password by hand or dropped the account; then bring secret and server"
    f" together with the password that works now: {command(Kind.RECONCILE)}"
)
_POLICY = "The server's password policy refused the new password."
_WIDER = "Choose {option|password_length} and {option|password_exclude_characters} that satisfy that policy."
_LOST = Diagnosis(
    Code.CONNECTION_LOST, "The connection to the server broke or got no answer in time.", AGAIN, ConnectionLost
)
_LOCK_WAIT = Diagnosis(
    Code.SERVER_BUSY, "The server is held by a lock (a backup, or FLUSH TABLES WITH READ LOCK).", BUSY
)
_EXPIRED = Diagnosis(
    Code.ACCOUNT_EXPIRED,
    "The stored password is right, but the server has expired it and lets the account do nothing else.",
    "As another administrator: where its lifetime is over, ALTER USER ... PASSWORD EXPIRE NEVER is enough; where"
    " somebody expired it, set the stored password again with ALTER USER. Then run the same command again.",
)
_LOCKED = Diagnosis(
    Code.ACCOUNT_LOCKED,
    "The stored password is right, but the account is locked.",
    "As another administrator run ALTER USER ... ACCOUNT UNLOCK for it; then run the same command again.",
)
_LOCKED_OUT = Diagnosis(
    Code.ACCOUNT_LOCKED_OUT,
    "The account is locked after too many failed logins.",
    "Find out who fails to log in; unlock it as another administrator (ALTER USER ... ACCOUNT UNLOCK, on MariaDB"
    " FLUSH PRIVILEGES); then run the same command again.",
)
_READ_ONLY = Diagnosis(
    Code.READ_ONLY,
    "The server is read-only.",
    "Point the secret's host at the writer; then run the same command again.",
)
_DENIED = Diagnosis(
    Code.PRIVILEGE_MISSING,
    "The account may not do what the rotation needs.",
    "Grant it CREATE USER, and on MySQL SYSTEM_USER and APPLICATION_PASSWORD_ADMIN, then run the same command again.",
)

DIAGNOSES = {
    1045: Diagnosis(Code.LOGIN_REFUSED, _REFUSED, _RECONCILE, LoginRefused),
    1698: Diagnosis(Code.LOGIN_REFUSED, _REFUSED, _RECONCILE, LoginRefused),
    1862: _EXPIRED,
    1820: _EXPIRED,
    3118: _LOCKED,
    4151: _LOCKED,
    3955: _LOCKED_OUT,
    4150: _LOCKED_OUT,
    1226: Diagnosis(
        Code.ACCOUNT_LIMITS,
        "The stored password is right, but the account has used up its limits (a rotation needs two connections at"
        " a time and about 50 queries).",
        "Wait for the hour to end, or raise the account's limits (ALTER USER ... WITH MAX_USER_CONNECTIONS 2, or"
        " whichever it has); then run the same command again.",
    ),
    3032: Diagnosis(Code.OFFLINE_MODE, "The server is in offline mode.", AGAIN),
    1040: Diagnosis(Code.TOO_MANY_CONNECTIONS, "The server has no connection left to give.", AGAIN),
    1203: Diagnosis(Code.TOO_MANY_CONNECTIONS, "The account has no connection left to use.", AGAIN),
    1129: Diagnosis(
        Code.HOST_BLOCKED,
        "The server has blocked this host after too many broken connections.",
        "Find out what connects and hangs up (a port probe?); on the server run TRUNCATE TABLE"
        " performance_schema.host_cache (MariaDB: FLUSH HOSTS), then the same command again.",
    ),
    1130: Diagnosis(
        Code.HOST_NOT_ALLOWED,
        "The server allows no connection from this host.",
        "Run from a host the server allows, or through {option|jump_host}.",
    ),
    3159: Diagnosis(
        Code.TLS_REQUIRED,
        "The server demands TLS and {option|tls_mode} is disabled.",
        "Set {option|tls_mode} to verify_identity or verify_ca.",
    ),
    1184: Diagnosis(
        Code.INIT_CONNECT,
        "The server's init_connect failed, so no account without CONNECTION_ADMIN (MariaDB: CONNECTION ADMIN) can work"
        " there.",
        "As another administrator look at SELECT @@GLOBAL.init_connect and at the server's error log, and mend it or"
        " take it away (SET GLOBAL init_connect = ''); then run the same command again.",
    ),
    1290: _READ_ONLY,
    1792: _READ_ONLY,
    1836: _READ_ONLY,
    1227: _DENIED,
    1044: _DENIED,
    1142: Diagnosis(
        Code.SELECT_DENIED,
        "The account may not read the table of accounts, so which rows are covered cannot be known.",
        "Grant it SELECT ON mysql.user (MariaDB: SELECT ON mysql.global_priv), then run the same command again.",
    ),
    1143: _DENIED,
    1819: Diagnosis(Code.PASSWORD_POLICY, _POLICY, _WIDER, PolicyRefused),
    3638: Diagnosis(
        Code.PASSWORD_HISTORY, "The server's password history refused the new password.", "", PolicyRefused
    ),
    1205: _LOCK_WAIT,
    1969: _LOCK_WAIT,
    1317: Diagnosis(Code.INTERRUPTED, "The statement was interrupted on the server.", AGAIN),
    1047: Diagnosis(Code.NOT_PRIMARY, "The Galera node is not part of the primary component.", AGAIN),
    1396: Diagnosis(Code.ACCOUNT_OPERATION, "The server could not change the account.", AGAIN),
    1094: Diagnosis(Code.NO_SUCH_THREAD, "The connection to end is gone already.", AGAIN),
    2059: Diagnosis(
        Code.METHOD_UNKNOWN,
        "The server asks for an authentication method that the driver (PyMySQL) does not know.",
        "Install the newest PyMySQL and PyNaCl (requirements.txt). MariaDB's parsec and GSSAPI stay unknown to it: as"
        " another administrator give the account a method that it knows, such as ed25519 or mysql_native_password"
        " (MySQL: caching_sha2_password), with the stored password; then run the same command again.",
    ),
    1524: Diagnosis(Code.PLUGIN_MISSING, "The account's authentication plugin is not loaded on the server.", ""),
    4058: Diagnosis(
        Code.AUTHENTICATION_POLICY,
        "The server's authentication_policy does not allow the plugin of the account.",
        "As another administrator GRANT AUTHENTICATION_POLICY_ADMIN ON *.* to it, or let the policy allow its plugin"
        " (SELECT @@GLOBAL.authentication_policy); then run the same command again.",
    ),
    2006: _LOST,
    2013: _LOST,
    1053: _LOST,
    1927: _LOST,
    3024: _LOCK_WAIT,
}

_CERTIFICATE_NAME = (62, 63, 64)
# OpenSSL's number for a certificate that signs itself and is not trusted.
_SELF_SIGNED = 18
_SELF_MADE = (
    " No authority signed one that the server made for itself, as MariaDB 11.4 and newer do where ssl_cert names none:"
    " set ssl_cert and ssl_key there."
)


def diagnose(error: BaseException, place: str) -> RotationError:
    """Return our exception for anything the driver raised; ``place`` is the server's host and port, for the text."""
    origin = getattr(error, "original_exception", None) or error
    if isinstance(origin, ssl.SSLError):
        return _tls(origin, place)
    if isinstance(origin, OSError):
        return _unreachable(origin, place)
    number = error.args[0] if error.args and isinstance(error.args[0], int) else None
    diagnosis = DIAGNOSES.get(number or 0)
    if diagnosis:
        cause = f"{diagnosis.cause.removesuffix('.')} ({place}, error {number})."
        return diagnosis.kind(cause, code=diagnosis.code, next_step=diagnosis.next_step)
    if type(error).__name__ == "InterfaceError" or number == 0:
        return ConnectionLost(f"{_LOST.cause.removesuffix('.')} ({place}).", code=_LOST.code, next_step=AGAIN)
    return RotationError(
        f"The server or its driver failed ({place}, {_kind(error, number)}).", code=Code.DATABASE_ERROR
    )


def _kind(error: BaseException, number: int | None) -> str:
    if number:
        return f"error {number}"
    return "an answer against the protocol" if isinstance(error, pymysql.err.Error) else type(error).__name__


def diagnose_statement(error: BaseException, place: str) -> RotationError:
    """Return our exception for a statement of an open session: 1045 speaks of a right there, not of a login."""
    failure = diagnose(error, place)
    if isinstance(failure, LoginRefused):
        return RotationError(
            f"{_DENIED.cause.removesuffix('.')} ({place}).", code=_DENIED.code, next_step=_DENIED.next_step
        )
    return failure


def _unreachable(error: OSError, place: str) -> RotationError:
    return RotationError(
        f"The server at {place} cannot be reached: {error.strerror or 'no answer in time'}.",
        code=Code.SERVER_UNREACHABLE,
        next_step="Check that the server runs and that host, port and network path are right;"
        " then run the same command again.",
    )


def _renewal(error: ssl.SSLError) -> str:
    """Return what a certificate needs that is of the right authority and yet not accepted."""
    fault = certificate_fault(error)
    return (
        f"{fault.next_step} MySQL reads it at ALTER INSTANCE RELOAD TLS, MariaDB at FLUSH SSL."
        if fault and fault.next_step
        else ""
    )


def _tls(error: ssl.SSLError, place: str) -> RotationError:
    verify_code = getattr(error, "verify_code", None)
    if verify_code in _CERTIFICATE_NAME:
        return RotationError(
            f"The certificate of {place} is trusted but was made for another name.",
            code=Code.TLS_NAME,
            next_step="Connect by a name that stands in the certificate, name it in {option|tls_server_name}, or,"
            " for a certificate without a usable name such as MySQL's self-made ones, set {option|tls_mode} to"
            " verify_ca with {option|tls_ca_file}.",
        )
    if verify_code is not None:
        return RotationError(
            f"The certificate of {place} is not trusted ({getattr(error, 'verify_message', 'verification failed')}).",
            code=Code.TLS_UNTRUSTED,
            next_step=_renewal(error)
            or "Name the server's certificate authority in {option|tls_ca_file}."
            + (_SELF_MADE if verify_code == _SELF_SIGNED else ""),
        )
    return RotationError(
        f"The TLS handshake with {place} failed ({getattr(error, 'reason', None) or type(error).__name__}).",
        code=Code.TLS_FAILED,
        next_step="Run the same command again; if that fails too, check which TLS versions and client certificates the"
        " server asks for.",
    )

# SPDX-License-Identifier: GPL-3.0-or-later
"""Account rows of every kind as data: how each is made, on which servers, and what a rotation has to do with it."""

from __future__ import annotations

from dataclasses import dataclass, field

from world.databases import native_hash

from ansible_collections.dbops.rotation.plugins.module_utils._db.hashes import CACHING_SHA2, make_hash

MYSQL = ("mysql",)
MARIADBS = ("mariadb", "mariadb-11.8", "mariadb-sid")
PARSEC = ("mariadb-11.8", "mariadb-sid")
SHA2 = ("mariadb-sid",)
OURS, OTHER = "Zoo-password-of-this-secret", "Zoo-password-of-somebody-else"
CHANGED, SKIPPED, FOREIGN = "changed", "skipped", "foreign"
# From here a caller gets the row of the zoo, which has no name.
ADDRESS = "127.0.0.3"
# What MySQL before 4.1 stored.
OLD_FORMAT = "6f8c114b58f2ce9e"

NATIVE = f"mysql_native_password USING '{native_hash(OURS)}'"
NATIVE_OTHER = f"mysql_native_password USING '{native_hash(OTHER)}'"
PARSEC_OURS = f"parsec USING PASSWORD('{OURS}')"
SHA2_OURS, SHA2_OTHER = (f"caching_sha2_password USING PASSWORD('{word}')" for word in (OURS, OTHER))
ED25519 = f"ed25519 USING PASSWORD('{OURS}')"
OLD = f"mysql_old_password USING '{OLD_FORMAT}'"


@dataclass(frozen=True)
class Animal:
    """One row: the clauses that make it in turn, the first by CREATE USER, and the verdict, or the code of a refusal.

    ``edit`` changes the row in the table of accounts, for what no statement lets through any more. ``opens`` tells
    whether our password opens the row before the rotation as far as the tests' client can tell; None where it cannot.
    """

    name: str
    servers: tuple[str, ...]
    verdict: str
    clauses: tuple[str, ...]
    edit: str = ""
    host: str = ADDRESS
    opens: bool | None = None
    options: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


def by(password: str) -> str:
    """Write a password as MySQL takes it."""
    return f"IDENTIFIED BY '{password}'"


def via(*methods: str) -> str:
    """Write methods as MariaDB takes them."""
    return f"IDENTIFIED VIA {' OR '.join(methods)}"


def hashed(rounds: int, written: bytes) -> str:
    """Write a hash of ours with another writing of its rounds, as bytes: a binary string is taken as it is."""
    stored = make_hash(CACHING_SHA2, OURS, rounds)
    return f"IDENTIFIED WITH caching_sha2_password AS 0x{(written + stored[len(written) :]).hex()}"


def priv(plugin: str, string: str) -> str:
    """Write a method straight into MariaDB's table of accounts."""
    return f"Priv = JSON_SET(Priv, '$.plugin', '{plugin}', '$.authentication_string', '{string}')"


def on_mysql(name: str, verdict: str, *clauses: str, edit: str = "", host: str = ADDRESS, opens: bool | None) -> Animal:
    return Animal(name, MYSQL, verdict, clauses, edit, host, opens)


def on_mariadb(
    name: str,
    verdict: str,
    *clauses: str,
    edit: str = "",
    host: str = ADDRESS,
    opens: bool | None,
    servers: tuple[str, ...] = MARIADBS,
) -> Animal:
    return Animal(name, servers, verdict, clauses, edit, host, opens)


RETAIN = f"{by(OTHER)} RETAIN CURRENT PASSWORD"
# Settings of a row that change nothing about which password it has.
SETTINGS = {
    "locked": "ACCOUNT LOCK",
    "expired": "PASSWORD EXPIRE",
    "expires by itself": "PASSWORD EXPIRE INTERVAL 365 DAY",
    "with TLS only": "REQUIRE SSL",
    "with a client certificate only": "REQUIRE X509",
    "with few connections": "WITH MAX_USER_CONNECTIONS 2",
}
HOSTS = ("127.0.0.0/255.255.255.0", "127.0.0._", "127.0.%")

ZOO = (
    on_mysql("caching_sha2", CHANGED, by(OURS), opens=True),
    on_mysql("caching_sha2, other rounds", CHANGED, hashed(10_000, b"$A$00A$"), opens=True),
    on_mysql("caching_sha2, lower-case rounds", CHANGED, hashed(10_000, b"$A$00a$"), opens=True),
    on_mysql("sha256", CHANGED, f"IDENTIFIED WITH sha256_password BY '{OURS}'", opens=True),
    on_mysql("ours, retained ours", CHANGED, by(OURS), f"{by(OURS)} RETAIN CURRENT PASSWORD", opens=True),
    on_mysql("another's", FOREIGN, by(OTHER), opens=False),
    on_mysql("another's before ours", "foreign_primary", by(OURS), RETAIN, opens=True),
    on_mysql(
        "another's behind ours", "foreign_secondary", by(OTHER), f"{by(OURS)} RETAIN CURRENT PASSWORD", opens=True
    ),
    on_mysql("two of another", FOREIGN, by("A-third-password-1"), RETAIN, opens=False),
    on_mysql("empty", "row_problem", by(""), opens=False),
    on_mysql("no password", "row_problem", "", opens=False),
    on_mysql("a socket", SKIPPED, "IDENTIFIED WITH auth_socket", opens=False),
    on_mysql("no login", SKIPPED, "IDENTIFIED WITH mysql_no_login", opens=False),
    on_mysql("LDAP", SKIPPED, by(OURS), edit="plugin = 'authentication_ldap_simple'", opens=None),
    on_mysql("PAM", SKIPPED, by(OURS), edit="plugin = 'authentication_pam'", opens=None),
    on_mysql("a plugin that is gone", "row_problem", by(OURS), edit="plugin = 'mysql_native_password'", opens=None),
    on_mysql("a plugin nobody knows", "row_problem", by(OURS), edit="plugin = 'of_a_vendor'", opens=None),
    on_mysql("no plugin", "row_problem", by(OURS), edit="plugin = ''", opens=None),
    on_mysql("two factors", "row_problem", f"{by(OURS)} AND IDENTIFIED WITH auth_socket", opens=None),
    *(on_mysql(name, CHANGED, f"{by(OURS)} {clause}", opens=None) for name, clause in SETTINGS.items()),
    *(on_mysql(f"host {host}", CHANGED, by(OURS), host=host, opens=True) for host in HOSTS),
    on_mariadb("native", CHANGED, via(NATIVE), opens=True),
    on_mariadb(
        "native, lower case", CHANGED, via(NATIVE.replace(native_hash(OURS), native_hash(OURS).lower())), opens=True
    ),
    on_mariadb("native, another sign", CHANGED, via(NATIVE.replace("'*", "'X")), opens=True),
    on_mariadb("native twice", CHANGED, via(NATIVE, NATIVE), opens=True),
    on_mariadb("native and a socket", CHANGED, via(NATIVE, "unix_socket"), opens=True),
    on_mariadb("a socket and native", CHANGED, via("unix_socket", NATIVE), opens=True),
    on_mariadb("native and invalid", CHANGED, via(NATIVE, "mysql_native_password USING 'invalid'"), opens=True),
    on_mariadb("ed25519", CHANGED, via(ED25519), opens=True),
    on_mariadb("ed25519 and native", CHANGED, via(ED25519, NATIVE), opens=True),
    # What it is given without a password lets in nobody, and on newer servers whoever gives none.
    on_mariadb("ed25519 without a password", SKIPPED, via("ed25519"), opens=False, servers=("mariadb",)),
    on_mariadb("ed25519 of nothing", FOREIGN, via("ed25519"), opens=False, servers=PARSEC),
    on_mariadb("a plugin that is gone", "row_problem", via(NATIVE), edit=priv("ed25519_of_before", "x"), opens=None),
    on_mariadb("old format", "row_problem", via(OLD), opens=None),
    on_mariadb("native and old format", "row_problem", via(NATIVE, OLD), opens=True),
    on_mariadb(
        "old format as native", "row_problem", via(NATIVE), edit=priv("mysql_native_password", OLD_FORMAT), opens=None
    ),
    on_mariadb("a plugin nobody knows", "row_problem", via(NATIVE), edit=priv("of_a_vendor", "x"), opens=None),
    on_mariadb("Kerberos", SKIPPED, via(NATIVE), edit=priv("gssapi", "mysql/host"), opens=None),
    on_mariadb("PAM", SKIPPED, via(NATIVE), edit=priv("pam", "mariadb"), opens=None),
    on_mariadb("invalid", SKIPPED, via("mysql_native_password USING 'invalid'"), opens=False),
    on_mariadb("no hash", SKIPPED, via(f"mysql_native_password USING '*{'Z' * 40}'"), opens=False),
    on_mariadb(
        "invalid and a socket", SKIPPED, via("mysql_native_password USING 'invalid'", "unix_socket"), opens=False
    ),
    on_mariadb("a socket", SKIPPED, via("unix_socket"), opens=False),
    on_mariadb("empty", "row_problem", by(""), opens=False),
    on_mariadb("another's", FOREIGN, via(NATIVE_OTHER), opens=False),
    on_mariadb("another's and a socket", FOREIGN, via(NATIVE_OTHER, "unix_socket"), opens=False),
    on_mariadb("another's before ours", "foreign_secondary", via(NATIVE_OTHER, NATIVE), opens=True),
    on_mariadb("another's behind ours", "foreign_secondary", via(NATIVE, NATIVE_OTHER), opens=True),
    on_mariadb("another's beside our ed25519", "foreign_secondary", via(ED25519, NATIVE_OTHER), opens=True),
    *(on_mariadb(name, CHANGED, f"{via(NATIVE)} {clause}", opens=None) for name, clause in SETTINGS.items()),
    *(on_mariadb(f"host {host}", CHANGED, via(NATIVE), host=host, opens=True) for host in HOSTS),
    on_mariadb("parsec", "row_problem", via(PARSEC_OURS), opens=None, servers=PARSEC),
    on_mariadb("native and parsec", "row_problem", via(NATIVE, PARSEC_OURS), opens=True, servers=PARSEC),
    on_mariadb("caching_sha2", CHANGED, via(SHA2_OURS), opens=True, servers=SHA2),
    on_mariadb("caching_sha2 and native", CHANGED, via(SHA2_OURS, NATIVE), opens=True, servers=SHA2),
    on_mariadb("native and caching_sha2", CHANGED, via(NATIVE, SHA2_OURS), opens=True, servers=SHA2),
    on_mariadb("a socket and caching_sha2", CHANGED, via("unix_socket", SHA2_OURS), opens=True, servers=SHA2),
    on_mariadb("caching_sha2, empty", "row_problem", via("caching_sha2_password"), opens=False, servers=SHA2),
    on_mariadb("another's caching_sha2", FOREIGN, via(SHA2_OTHER), opens=False, servers=SHA2),
    on_mariadb(
        "another's caching_sha2 beside ours", "foreign_secondary", via(SHA2_OURS, SHA2_OTHER), opens=True, servers=SHA2
    ),
)

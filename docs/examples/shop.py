# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that caches its database password, and reads it again when the server refuses it.

shop.py CLIENT             log in every second, until the cached password was refused and read again
shop.py CLIENT STATEMENT   run one statement and print its rows
"""

from __future__ import annotations

import json
import os
import sys
import time

import boto3
import pymysql

ACCESS_DENIED = 1045
PATIENCE = 120


class Database:
    """The database of one client, as its secret describes it."""

    def __init__(self, secret_id: str) -> None:
        """Know where the password is; it is read at the first login."""
        self.secret_id = secret_id
        self.reads = 0
        self._known: dict[str, str] = {}

    def connect(self) -> pymysql.Connection:
        """Log in. After a refusal read AWSCURRENT once more; a second refusal is for a person to look at."""
        try:
            return self._log_in(self._known or self._read())
        except pymysql.err.OperationalError as error:
            if error.args[0] != ACCESS_DENIED:
                raise
        return self._log_in(self._read())

    def _read(self) -> dict[str, str]:
        """Read host, port, user and password together: all of them may have changed."""
        answer = boto3.client("secretsmanager").get_secret_value(SecretId=self.secret_id, VersionStage="AWSCURRENT")
        self._known = json.loads(answer["SecretString"])
        self.reads += 1
        return self._known

    def _log_in(self, known: dict[str, str]) -> pymysql.Connection:
        """Log in over verified TLS."""
        return pymysql.connect(
            host=known["host"],
            port=int(known["port"]),
            user=known["username"],
            password=known["password"],
            ssl_ca=os.environ["MYSQL_CA_FILE"],
            ssl_verify_identity=True,
        )


def watch(database: Database) -> int:
    """Log in every second, until a password was read twice."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        database.connect().close()
        if database.reads > 1:
            print("The cached password was refused; the one that was read again opens the server.")
            return 0
        time.sleep(1)
    print("The cached password still opens the server.")
    return 1


def ask(database: Database, statement: str) -> int:
    """Run one statement and print its rows."""
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        for row in cursor.fetchall():
            print(*row)
    return 0


def main(client: str, *statement: str) -> int:
    """Do what the arguments say."""
    database = Database(f"clients/{client}/mysql/root")
    return ask(database, *statement) if statement else watch(database)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

# SPDX-License-Identifier: GPL-3.0-or-later
"""The attacks that the strict peer knows, as data, and the table of them in docs/safety.md."""

from __future__ import annotations

import time

from mysql_packets import END, MORE_RESULTS, column, done, failure, greeting, packet
from strict_peer import Attack, Forge, Line, Play

STORED = "The server was not changed; a new password is stored as AWSPENDING"
NOTHING = "nothing"
NO_LOGIN = "no byte of a login"
PROOF = "the user name and a salted hash"
SESSION = "what any server gets"
GREETING, TLS, LOGIN, PLAIN, ANSWER = "greeting", "TLS", "login over TLS", "login without TLS", "answer to a statement"
DRIP_SECONDS = 0.1
# A file of this process's machine that a server may ask for.
WANTED_FILE = b"/etc/hostname"


def opened(line: Line, body: bytes, *, tls: bool = True, certificate: str = "server") -> None:
    """Greet, speak TLS or not, take the login and answer it with this packet."""
    line.send(0, greeting(tls=tls))
    line.read()
    if tls:
        line.start_tls(certificate)
        line.read()
    line.send(3 if tls else 2, body)


def greets(*bodies: bytes) -> Play:
    def play(line: Line) -> None:
        line.send(0, *bodies)
        line.read()

    return play


def floods_instead_of_a_greeting(line: Line) -> None:
    line.flood(0)


def drips(line: Line) -> None:
    line.sock.sendall(b"\x60\0\0\0\n")
    while True:
        time.sleep(DRIP_SECONDS)
        line.sock.sendall(b"9")


def is_no_database(line: Line) -> None:
    line.sock.sendall(b"SSH-2.0-server\r\n")
    line.read()


def answers_the_wish_for_tls(line: Line) -> None:
    line.send(0, greeting())
    line.read()
    line.send(2, failure(1045))
    line.read()


def shows(certificate: str) -> Play:
    def play(line: Line) -> None:
        line.send(0, greeting())
        line.read()
        line.start_tls(certificate)
        line.read()

    return play


def answers_the_login(body: bytes, *, tls: bool = True) -> Play:
    def play(line: Line) -> None:
        opened(line, body, tls=tls)
        line.read()

    return play


def switches(plugin: bytes, *, tls: bool = True) -> Play:
    return answers_the_login(b"\xfe" + plugin + b"\0Password: ", tls=tls)


def floods_after_the_login(line: Line) -> None:
    line.send(0, greeting())
    line.read()
    line.start_tls()
    line.read()
    line.flood(3)


def says(*bodies: bytes) -> Forge:
    def forge(line: Line, _statement: bytes) -> None:
        line.send(1, *bodies)

    return forge


def repeats_the_statement(line: Line, statement: bytes) -> None:
    line.send(1, failure(1064, b"near '" + statement + b"'"))


def sends_rows_without_end(line: Line, _statement: bytes) -> None:
    line.send(1, b"\1", column(b"c"), END)
    # Several at a time: one row of a byte costs a client most in relation to what it costs the server.
    rows = b"".join(packet(number, b"\1x") for number in range(4, 4 + 256 * 16))
    while True:
        line.sock.sendall(rows)


def sends_a_row_without_end(line: Line, _statement: bytes) -> None:
    line.send(1, b"\1", column(b"c"), END)
    line.flood(4)


def sends_columns_without_end(line: Line, _statement: bytes) -> None:
    line.send(1, b"\xfd\xff\xff\xff")
    columns = b"".join(packet(number, column(b"c")) for number in range(2, 2 + 256 * 16))
    while True:
        line.sock.sendall(columns)


def sends_results_without_end(line: Line, _statement: bytes) -> None:
    results = b"".join(packet(number, done(2 | MORE_RESULTS)) for number in range(1, 1 + 256 * 16))
    while True:
        line.sock.sendall(results)


VARIABLES, ALTER = b"SHOW GLOBAL VARIABLES", b"ALTER USER"

ATTACKS = (
    Attack("offers no TLS", GREETING, "tls_not_offered", NOTHING, greets(greeting(tls=False))),
    Attack("says that the password is wrong", GREETING, "untrusted_answer", NOTHING, greets(failure(1045))),
    Attack("says that the account is locked", GREETING, "untrusted_answer", NOTHING, greets(failure(3118))),
    Attack("says that the password has expired", GREETING, "untrusted_answer", NOTHING, greets(failure(1862))),
    Attack("says that it is read-only", GREETING, "untrusted_answer", NOTHING, greets(failure(1290))),
    Attack("says that it is full", GREETING, "too_many_connections", NOTHING, greets(failure(1040))),
    Attack("sends packets of 16 MB", GREETING, "answer_too_large", NOTHING, floods_instead_of_a_greeting),
    Attack("sends a byte now and then", GREETING, "deadline", NOTHING, drips, options={"deadline": 1.5}),
    Attack("is no database", GREETING, "database_error", NOTHING, is_no_database),
    Attack("says before TLS that the password is wrong", TLS, "tls_failed", NO_LOGIN, answers_the_wish_for_tls),
    Attack("shows a certificate of its own making", TLS, "tls_untrusted", NO_LOGIN, shows("stranger")),
    Attack("shows a certificate for another name", TLS, "tls_name", NO_LOGIN, shows("other")),
    Attack("asks for the plain password", LOGIN, "plaintext_asked", PROOF, switches(b"mysql_clear_password")),
    Attack("asks for it by a dialog", LOGIN, "plaintext_asked", PROOF, switches(b"dialog")),
    Attack("asks for the form of MySQL 4.0", LOGIN, "weak_hash_asked", PROOF, switches(b"mysql_old_password")),
    Attack("asks for the form before that", LOGIN, "database_error", PROOF, answers_the_login(b"\xfe")),
    Attack("asks for a plugin that nobody knows", LOGIN, "method_unknown", PROOF, switches(b"auth_other")),
    Attack("sends packets of 16 MB", LOGIN, "answer_too_large", PROOF, floods_after_the_login),
    Attack(
        "says that the password is wrong",
        LOGIN,
        "login_refused",
        PROOF,
        answers_the_login(failure(1045)),
        remembered=True,
    ),
    Attack(
        "asks for the plain password",
        PLAIN,
        "plaintext_asked",
        PROOF,
        switches(b"mysql_clear_password", tls=False),
        options={"tls_mode": "disabled"},
    ),
    Attack(
        "asks for the form of MySQL 4.0",
        PLAIN,
        "weak_hash_asked",
        PROOF,
        switches(b"mysql_old_password", tls=False),
        options={"tls_mode": "disabled"},
    ),
    Attack(
        "says that the password is wrong",
        PLAIN,
        "login_refused",
        PROOF,
        answers_the_login(failure(1045), tls=False),
        options={"tls_mode": "disabled"},
    ),
    Attack(
        "asks for a file of this machine",
        ANSWER,
        "database_error",
        SESSION,
        on=VARIABLES,
        forge=says(b"\xfb" + WANTED_FILE),
    ),
    Attack(
        "sends no rows", ANSWER, "unsupported_server", SESSION, on=VARIABLES, forge=says(b"\1", column(b"c"), END, END)
    ),
    Attack("sends rows without end", ANSWER, "answer_too_large", SESSION, on=VARIABLES, forge=sends_rows_without_end),
    Attack(
        "sends one row without end", ANSWER, "answer_too_large", SESSION, on=VARIABLES, forge=sends_a_row_without_end
    ),
    Attack(
        "sends columns without end", ANSWER, "answer_too_large", SESSION, on=VARIABLES, forge=sends_columns_without_end
    ),
    Attack(
        "sends results without end", ANSWER, "answer_too_large", SESSION, on=VARIABLES, forge=sends_results_without_end
    ),
    Attack(
        "breaks the order of packets",
        ANSWER,
        "database_error",
        SESSION,
        on=VARIABLES,
        forge=lambda line, _statement: line.send(7, done()),
    ),
    Attack(
        "says that the password is wrong", ANSWER, "privilege_missing", SESSION, on=VARIABLES, forge=says(failure(1045))
    ),
    Attack(
        "says the same to the change",
        ANSWER,
        "privilege_missing",
        SESSION,
        on=ALTER,
        forge=says(failure(1045)),
        step="apply",
        state=STORED,
    ),
    Attack(
        "repeats the change in an error",
        ANSWER,
        "database_error",
        SESSION,
        on=ALTER,
        forge=repeats_the_statement,
        step="apply",
        state=STORED,
    ),
    Attack(
        "says OK to the change and does nothing",
        ANSWER,
        "not_applied",
        SESSION,
        on=ALTER,
        forge=says(done()),
        step="verify",
        state="AWSCURRENT still opens the server",
    ),
)


HEAD = "| where | what the server does | what the run says | what the server gets |"


def table() -> str:
    """Return the attacks and what they come to, as docs/safety.md shows them."""
    return "\n".join([HEAD, "|---|---|---|---|", *map(_row, ATTACKS)])


def _row(attack: Attack) -> str:
    cells = (attack.stage, attack.name, f"`{attack.code}` at step `{attack.step}`", attack.gets)
    return f"| {' | '.join(cells)} |"

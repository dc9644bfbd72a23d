# SPDX-License-Identifier: GPL-3.0-or-later
"""The statements that MariaDB gets, and how its rows are read."""

from __future__ import annotations

import json
from contextlib import nullcontext
from typing import Any

import pytest
from refusals import refusal_of

from ansible_collections.dbops.rotation.plugins.module_utils._db import methods
from ansible_collections.dbops.rotation.plugins.module_utils._db.hashes import (
    CACHING_SHA2,
    ED25519,
    NATIVE,
    StoredPassword,
    make_hash,
)
from ansible_collections.dbops.rotation.plugins.module_utils._db.mariadb import MariaDb
from ansible_collections.dbops.rotation.plugins.module_utils._db.rows import AccountRow, Change
from ansible_collections.dbops.rotation.plugins.module_utils._db.server import MARIADB, Server
from ansible_collections.dbops.rotation.plugins.module_utils._errors import PolicyRefused, RotationError

OLD, NEW = "Old-Password-1234", "New-Password-1234"
OLD_HASH, NEW_HASH, FOREIGN_HASH = (make_hash(NATIVE, password).decode() for password in (OLD, NEW, "foreign"))
SOCKET = {"plugin": "unix_socket"}
FOREIGN = {"plugin": NATIVE, "authentication_string": FOREIGN_HASH}
ALTER = "ALTER USER IF EXISTS %s@%s IDENTIFIED VIA "
VIA = f"{NATIVE} USING %s"


class Recorder:
    """A session that writes down its ALTERs and answers with one row and one warning."""

    def __init__(self, priv: Any = None, *, validators: int = 0, warning: int = 0, user: str = "root") -> None:
        self.altered: list[tuple[str, tuple[object, ...]]] = []
        self._answers = {"SELECT": (user, "%", json.dumps(priv)), "SHOW": ("Warning", warning, "text")}
        self._validators = validators

    def value(self, _statement: str, *_arguments: object) -> int:
        return self._validators

    def query(self, statement: str, *arguments: object) -> list[tuple[Any, ...]]:
        if statement.startswith("ALTER"):
            self.altered.append((statement, arguments))
            return []
        if "information_schema.PLUGINS" in statement:
            return [(plugin,) for plugin in (NATIVE, ED25519, CACHING_SHA2, "unix_socket", "gssapi")]
        return [self._answers[statement.split()[0]]]


def dialect(*, allow_plaintext: bool = False, **variables: str) -> MariaDb:
    server = Server(MARIADB, (10, 11, 8), "s1", variables, "root@%", replicates=False)
    return MariaDb(server, allow_plaintext=allow_plaintext)


def native(*others: dict[str, str], first: str = OLD_HASH) -> dict[str, Any]:
    """Return the JSON of a row whose first method is a native password."""
    top = {"access": 1, "plugin": NATIVE, "authentication_string": first}
    return top | ({"auth_or": [{}, *others]} if others else {})


def read(priv: dict[str, Any], user: str = "root") -> AccountRow:
    (row,) = dialect().rows(Recorder(priv, user=user), user)  # type: ignore[arg-type]
    return row


def change(priv: dict[str, Any], *replaced: str) -> Change:
    row = read(priv)
    return Change(
        row, tuple(stored for stored in row.primary_passwords if any(stored.matches(word) for word in replaced))
    )


def applied(priv: dict[str, Any], *replaced: str) -> tuple[str, tuple[object, ...]]:
    session = Recorder()
    dialect().apply(session, [change(priv, *replaced)], NEW)  # type: ignore[arg-type]
    (only,) = session.altered
    return only


SOCKET_FIRST = {
    "plugin": "unix_socket",
    "authentication_string": "",
    "auth_or": [{}, {"plugin": NATIVE, "authentication_string": OLD_HASH}],
}
LISTED_LAST = {
    "plugin": NATIVE,
    "authentication_string": OLD_HASH,
    "auth_or": [SOCKET, {}],
}


@pytest.mark.parametrize(
    ("priv", "via", "arguments"),
    [
        pytest.param(native(), f"{VIA} OR {VIA}", (NEW_HASH, OLD_HASH), id="one password"),
        pytest.param(native(SOCKET), f"{VIA} OR {VIA} OR unix_socket", (NEW_HASH, OLD_HASH), id="socket behind"),
        pytest.param(SOCKET_FIRST, f"unix_socket OR {VIA} OR {VIA}", (NEW_HASH, OLD_HASH), id="socket before"),
        pytest.param(LISTED_LAST, f"unix_socket OR {VIA} OR {VIA}", (NEW_HASH, OLD_HASH), id="placeholder last"),
        pytest.param(
            native(FOREIGN), f"{VIA} OR {VIA} OR {VIA}", (NEW_HASH, OLD_HASH, FOREIGN_HASH), id="foreign password kept"
        ),
        pytest.param(
            native({"plugin": "gssapi", "authentication_string": "host/x"}),
            f"{VIA} OR {VIA} OR gssapi USING %s",
            (NEW_HASH, OLD_HASH, "host/x"),
            id="another method with a string",
        ),
    ],
)
def test_new_stands_before_old_and_every_other_method_stays(
    priv: dict[str, Any], via: str, arguments: tuple[str, ...]
) -> None:
    assert applied(priv, OLD) == (ALTER + via, ("root", "%", *arguments))


def test_the_same_change_sent_again_gives_the_same_row() -> None:
    half_done = native({"plugin": NATIVE, "authentication_string": OLD_HASH}, first=NEW_HASH)
    assert applied(half_done, OLD, NEW) == (f"{ALTER}{VIA} OR {VIA}", ("root", "%", NEW_HASH, OLD_HASH))


def test_an_adopted_rows_own_password_is_behind_the_new_one() -> None:
    assert applied(native(first=FOREIGN_HASH), "foreign") == (
        f"{ALTER}{VIA} OR {VIA}",
        ("root", "%", NEW_HASH, FOREIGN_HASH),
    )


def test_ed25519_is_replaced_because_clients_read_its_first_method_only() -> None:
    pytest.importorskip("nacl.bindings")
    old, new = (make_hash(ED25519, password).decode() for password in (OLD, NEW))
    priv = {"plugin": ED25519, "authentication_string": old, "auth_or": [{}, SOCKET]}
    assert read(priv).holds_one
    assert applied(priv, OLD) == (f"{ALTER}{ED25519} USING %s OR unix_socket", ("root", "%", new))


def test_caching_sha2_is_replaced_because_clients_take_no_second_one() -> None:
    old = make_hash(CACHING_SHA2, OLD).decode()
    priv = {"plugin": CACHING_SHA2, "authentication_string": old, "auth_or": [SOCKET, {}]}
    assert read(priv).holds_one
    statement, (user, host, new) = applied(priv, OLD)
    assert (statement, user, host) == (f"{ALTER}unix_socket OR {CACHING_SHA2} USING %s", "root", "%")
    assert StoredPassword(CACHING_SHA2, str(new).encode()).matches(NEW)


def test_every_row_gets_a_statement_of_its_own() -> None:
    session = Recorder()
    dialect().apply(session, [change(native(), OLD), change(native(SOCKET), OLD)], NEW)  # type: ignore[arg-type]
    assert len(session.altered) == 2


def test_plaintext_is_in_no_statement() -> None:
    assert NEW not in str(applied(native(SOCKET), OLD))


@pytest.mark.parametrize(
    ("priv", "replaced", "via", "arguments"),
    [
        pytest.param(native(FOREIGN, first=NEW_HASH), ("foreign",), VIA, (NEW_HASH,), id="one left"),
        pytest.param(
            native({"plugin": NATIVE, "authentication_string": OLD_HASH}, SOCKET, first=NEW_HASH),
            (OLD,),
            f"{VIA} OR unix_socket",
            (NEW_HASH,),
            id="socket stays",
        ),
    ],
)
def test_discarding_takes_out_what_is_replaced_only(
    priv: dict[str, Any], replaced: tuple[str, ...], via: str, arguments: tuple[str, ...]
) -> None:
    session = Recorder()
    dialect().discard(session, [change(priv, *replaced)])  # type: ignore[arg-type]
    assert session.altered == [(ALTER + via, ("root", "%", *arguments))]


@pytest.mark.parametrize(
    ("priv", "passwords", "problem"),
    [
        pytest.param(native(), 1, False, id="password"),
        pytest.param(native(FOREIGN, SOCKET), 2, False, id="two passwords and a socket"),
        pytest.param({"plugin": "unix_socket"}, 0, False, id="socket only"),
        pytest.param(native(SOCKET, first="invalid"), 0, False, id="invalid, as Debian makes root"),
        pytest.param(native(first=""), 0, True, id="empty password"),
        pytest.param({"plugin": "", "authentication_string": ""}, 0, True, id="empty plugin"),
        pytest.param({"access": 0}, 0, True, id="nothing said"),
        pytest.param({"plugin": ED25519, "authentication_string": ""}, 0, False, id="ed25519 without a password"),
        pytest.param({"plugin": CACHING_SHA2, "authentication_string": "$A$005$x"}, 1, False, id="caching_sha2"),
        pytest.param({"plugin": CACHING_SHA2, "authentication_string": ""}, 0, True, id="caching_sha2, empty"),
        pytest.param({"plugin": "parsec", "authentication_string": "P0:x:y"}, 0, True, id="parsec"),
        pytest.param(native({"plugin": "parsec", "authentication_string": "P0:x:y"}), 1, True, id="parsec beside ours"),
        pytest.param(native(first="6f8c114b58f2ce9e"), 0, True, id="the format before MySQL 4.1"),
        pytest.param(native(first="*" + 40 * "Z"), 0, False, id="no digits"),
        pytest.param(native({"plugin": "named_pipe"}), 1, True, id="a method that is not loaded, to be repeated"),
        pytest.param({"plugin": "named_pipe"}, 0, False, id="a method that is not loaded and holds no password"),
        pytest.param({"plugin": "Unix_Socket"}, 0, False, id="capitals"),
    ],
)
def test_rows_are_read(priv: dict[str, Any], passwords: int, problem: bool) -> None:
    row = read(priv)
    assert (len(row.passwords), bool(row.problem), row.retained) == (passwords, problem, None)


def test_ed25519_without_its_library_is_a_problem_of_the_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(methods, "nacl_bindings", None)
    problem = read({"plugin": ED25519, "authentication_string": "x" * 43}).problem
    assert problem and "PyNaCl" in problem.text and "Install PyNaCl" in problem.remedy


def test_a_locked_row_says_so() -> None:
    assert read(native() | {"account_locked": True}).locked


@pytest.mark.parametrize(("priv", "user"), [(native() | {"is_role": True}, "root"), (native(), "root ")])
def test_roles_and_names_that_only_pad_are_no_rows(priv: dict[str, Any], user: str) -> None:
    assert dialect().rows(Recorder(priv, user=user), "root") == []  # type: ignore[arg-type]


def prepared(session: Recorder, *, allowed: bool, strict: str = "ON") -> tuple[MariaDb, list[str]]:
    made = dialect(allow_plaintext=allowed, strict_password_validation=strict)
    return made, made.prepare(session)  # type: ignore[arg-type]


def test_a_validator_that_refuses_hashes_stops_the_run_unless_plaintext_is_allowed() -> None:
    error = refusal_of(prepared, Recorder(validators=1), allowed=False)
    assert error.code == "plaintext_needed"
    assert "rotation_allow_plaintext_statement" in error.told()


@pytest.mark.parametrize(("strict", "validators", "plain"), [("ON", 1, True), ("ON", 0, False), ("OFF", 1, False)])
def test_plaintext_goes_out_only_where_allowed_and_needed(strict: str, validators: int, plain: bool) -> None:
    session = Recorder(native(), validators=validators)
    made, warnings = prepared(session, allowed=True, strict=strict)
    made.apply(session, [change(native(SOCKET), OLD)], NEW)  # type: ignore[arg-type]
    ((statement, arguments),) = session.altered
    assert (NEW in arguments, "USING PASSWORD(%s)" in statement, bool(warnings)) == (plain,) * 3
    assert statement.endswith("unix_socket")


@pytest.mark.parametrize(
    ("found", "warning", "refused"),
    [
        pytest.param(OLD_HASH, 1819, True, id="refused, which IF EXISTS makes a warning"),
        pytest.param(OLD_HASH, 1396, False, id="not set for another reason, which the look at the rows tells"),
        pytest.param(NEW_HASH, 1819, False, id="set, and the warning is one of an earlier statement"),
    ],
)
def test_a_policy_that_refuses_is_told_from_other_trouble(found: str, warning: int, refused: bool) -> None:
    session = Recorder(native(first=found), validators=1, warning=warning)
    made, _warnings = prepared(session, allowed=True)
    with pytest.raises(PolicyRefused) if refused else nullcontext():
        made.apply(session, [change(native(), OLD)], NEW)  # type: ignore[arg-type]


def test_plaintext_repeats_no_hash() -> None:
    session = Recorder(validators=1)
    made, _warnings = prepared(session, allowed=True)
    with pytest.raises(RotationError, match="root@% would have to be repeated as a hash"):
        made.apply(session, [change(native(), OLD), change(native(FOREIGN), OLD)], NEW)  # type: ignore[arg-type]
    assert session.altered == []


def test_a_method_whose_name_is_no_name_is_not_repeated() -> None:
    session = Recorder()
    odd = native({"plugin": "x; DROP USER root"})
    assert refusal_of(dialect().apply, session, [change(odd, OLD)], NEW).code == "plugin_name" and session.altered == []

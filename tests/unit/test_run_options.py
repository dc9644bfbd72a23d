# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the options of a run: every kind is found, told with what is allowed, and only if all share it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from wrong_options import OUT_OF_RANGE

from ansible_collections.dbops.rotation.plugins.module_utils._module.option_checks import OF_ONE, Fault
from ansible_collections.dbops.rotation.plugins.module_utils._next_step import filled
from ansible_collections.dbops.rotation.plugins.module_utils._readers import variable
from ansible_collections.dbops.rotation.plugins.plugin_utils._run_options import faults, refusal, shared

ROOT = Path(__file__).resolve().parents[2]
ENTRIES: dict[str, Any] = DataLoader().load_from_file(str(ROOT / "roles/rotation/meta/argument_specs.yml"))[
    "argument_specs"
]
SPEC: dict[str, Any] = {name: option for entry in ENTRIES.values() for name, option in entry["options"].items()}
DEFAULTS: dict[str, Any] = DataLoader().load_from_file(str(ROOT / "roles/rotation/defaults/main.yml"))
# What no number, truth value, dictionary or list can be made of.
WRONG: dict[str, Any] = {"bool": "perhaps", "int": "many", "float": "some", "dict": 5, "list": {"a": 1}, "path": [1]}

COMBINED: list[tuple[dict[str, Any], str]] = [
    (
        {"rotation_access_key": "a", "rotation_secret_key": "b", "rotation_profile": "c"},
        "Only one of rotation_access_key and rotation_profile may be set.",
    ),
    (
        {"rotation_access_key": "a"},
        "rotation_access_key and rotation_secret_key have to be set together, or neither.",
    ),
    (
        {"rotation_tls_client_cert": "/nowhere/a"},
        "rotation_tls_client_cert and rotation_tls_client_key have to be set together, or neither.",
    ),
    (
        {"rotation_tls_ca_file": "/nowhere/ca.pem"},
        "The TLS files cannot be used (/nowhere/ca.pem): FileNotFoundError. Check rotation_tls_ca_file",
    ),
]


def found(given: dict[str, Any], *, here: bool = True) -> list[str]:
    return [filled(fault.text, "") for fault in faults(SPEC, given, here=here)]


def wrong_types() -> Iterator[tuple[str, Any, str]]:
    """Return each option with a value of a wrong type, or that is none of its choices."""
    for name, option in SPEC.items():
        if option.get("choices"):
            yield name, "nonesuch", f"{name} must be one of {', '.join(option['choices'])}."
        elif option.get("type") in WRONG:
            yield name, WRONG[option["type"]], f"{name} must be "


def test_the_defaults_are_right() -> None:
    plain = {name: value for name, value in DEFAULTS.items() if value not in (None, "") and "{{" not in str(value)}
    assert len(plain) > 30 and found(plain) == []


TYPED = list(wrong_types())


@pytest.mark.parametrize(("option", "value", "told"), TYPED, ids=[one[0] for one in TYPED])
def test_a_wrong_type_or_choice_is_told_with_what_is_allowed(option: str, value: Any, told: str) -> None:
    (text,) = found({option: value})
    assert text.startswith(told) and "perhaps" not in text and "nonesuch" not in text


def test_every_range_is_tried() -> None:
    assert set(OUT_OF_RANGE) == set(map(variable, OF_ONE)) <= set(SPEC)


@pytest.mark.parametrize("option", OUT_OF_RANGE)
def test_a_value_out_of_range_is_told_with_what_is_allowed(option: str) -> None:
    value, allowed = OUT_OF_RANGE[option]
    (text,) = found({option: value})
    assert allowed in text


@pytest.mark.parametrize(("given", "told"), COMBINED, ids=[str(sorted(given)) for given, _told in COMBINED])
def test_options_that_do_not_go_together(given: dict[str, Any], told: str) -> None:
    assert any(told in text for text in found(given))


@pytest.mark.parametrize(
    "more", [{"rotation_tls_mode": "disabled"}, {"rotation_unix_socket": "/run/mysqld/mysqld.sock"}]
)
def test_files_that_nobody_uses_are_not_looked_at(more: dict[str, Any]) -> None:
    assert found({"rotation_tls_ca_file": "/nowhere/ca.pem", **more}) == []


def test_files_that_are_elsewhere_are_not_looked_at() -> None:
    assert found({"rotation_tls_ca_file": "/nowhere/ca.pem"}, here=False) == []


def test_parts_of_a_dictionary_are_named() -> None:
    told = "rotation_windows must be a list of dictionaries with days (may be left out), from, to, timezone"
    assert found({"rotation_windows": [{"from": "22:00", "until": "04:00"}]})[0].startswith(told)
    assert found({"rotation_notice_days": ["soon"]}) == ["rotation_notice_days must be a list of whole numbers."]


def test_all_that_is_wrong_is_found_at_once() -> None:
    assert len(found({"rotation_per_server": 100, "rotation_overlap": -1, "rotation_tls_mode": "maybe"})) == 3


OVERLAP, SERVERS = (Fault(option, (option,), "7") for option in ("rotation_overlap", "rotation_per_server"))


def test_only_what_is_wrong_with_all_is_shared() -> None:
    of = {"client_acme": [OVERLAP, SERVERS], "client_globex": [SERVERS]}
    assert shared(list(of), of.__getitem__) == [SERVERS]


def test_other_values_are_not_the_same_fault() -> None:
    other = Fault(OVERLAP.text, OVERLAP.options, "8")
    of = {"client_acme": [OVERLAP], "client_globex": [other]}
    assert shared(list(of), of.__getitem__) == []


def test_nobody_is_asked_once_nothing_is_shared() -> None:
    asked: list[str] = []

    def ask(client: str) -> list[Fault]:
        asked.append(client)
        return []

    assert shared(["client_acme", "client_globex"], ask) == []
    assert asked == ["client_acme"]


def test_the_refusal_names_all_and_shows_no_value() -> None:
    told = refusal([Fault("A.", ("a",), "secret"), Fault("B.", ("b",), "secret")], 3)
    assert told == (
        "Options are wrong in the same way for all 3 clients: A. B. Nothing was changed, and no notice was sent. Next:"
        " correct them, in the extra variables (-e) or in the inventory, and run the same command again."
    )
    assert "for this run: A." in refusal([Fault("A.", ("a",), "")], 1) and "secret" not in repr(OVERLAP) + told

# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a variable without Jinja."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.parsing.vault import EncryptedString
from ansible.template import is_trusted_as_template, trust_as_template

from ansible_collections.dbops.rotation.plugins.plugin_utils._templates import is_literal, with_name


@pytest.mark.parametrize(
    ("value", "filled", "literal"),
    [
        ("clients/{{ inventory_hostname }}/mysql/root", "clients/client_acme/mysql/root", True),
        ("{{ inventory_hostname | upper }}", "{{ inventory_hostname | upper }}", False),
        ([{"reason": "{% if true %}x{% endif %}"}], [{"reason": "{% if true %}x{% endif %}"}], False),
        ("#jinja2: variable_start_string:'[%'", "#jinja2: variable_start_string:'[%'", False),
        ("{{ tier }}/{{ inventory_hostname }}", "{{ tier }}/{{ inventory_hostname }}", False),
        (["22:00"], ["22:00"], True),
    ],
)
def test_only_the_name_of_the_host_is_filled_in_without_jinja(value: Any, filled: Any, literal: bool) -> None:
    trusted = trust_as_template(value) if isinstance(value, str) else value
    found = with_name(trusted, "client_acme")
    assert found == filled and is_literal({"option": found}) is literal


def test_a_text_that_is_no_template_stays_as_it_is() -> None:
    assert with_name("{{ inventory_hostname }}", "client_acme") == "{{ inventory_hostname }}"


def test_another_template_beside_the_name_is_one_still() -> None:
    value = with_name(trust_as_template("{{ tier }}/{{ inventory_hostname }}"), "client_acme")
    assert is_trusted_as_template(value)


def test_a_name_that_looks_like_a_template_is_left_to_jinja() -> None:
    value = with_name(trust_as_template("clients/{{ inventory_hostname }}"), "{{ 1 }}")
    assert value == "clients/{{ inventory_hostname }}" and is_trusted_as_template(value)


def test_what_is_encrypted_is_no_literal() -> None:
    assert not is_literal({"access_key": EncryptedString(ciphertext="$ANSIBLE_VAULT;1.1;AES256")})

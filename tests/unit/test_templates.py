# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a variable without Jinja: always what Ansible says of it."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import EncryptedString
from ansible.template import Templar, is_trusted_as_template, trust_as_template
from trusted import trusted

from ansible_collections.dbops.rotation.plugins.plugin_utils._templates import evaluated, is_literal, looked_up

VARIABLES: dict[str, Any] = trusted(
    {
        "inventory_hostname": "client_acme",
        "client": "{{ inventory_hostname }}",
        "secret_id": "clients/{{ client }}/mysql/root",
        "deep": "{{ secret_id }}",
        "tier": "{{ 'gold' | upper }}",
        "days": 40,
        "off": False,
        "nothing": None,
        "empty": "",
        "windows": ["22:00", "{{ tier }}"],
        "freezes": [{"from": "2026-12-24"}],
        "signs": "{% raw %}",
        "own_signs": "#jinja2: variable_start_string:'[%'\n{{ client }}",
        "here": "{{ there }}",
        "there": "{{ here }}",
        "lines": "one\n",
        "none": "a variable of this name is never seen",
        "self": "nor is one of this",
        "over": "{{ client }}\n",
        "many": "one\r\ntwo{{ client }}",
    }
) | {"stranger": "{{ client }}", "kept": {"old": "{{ client }}"}, "pair": ("one", "two")}
NAMED = sorted(VARIABLES)


def by_ansible(value: Any) -> Any:
    """Return what Ansible makes of a value, or the kind of its error."""
    try:
        return Templar(loader=DataLoader(), variables=dict(VARIABLES)).template({"option": value})
    except AnsibleError as error:
        return type(error).__name__


def by_us(value: Any) -> Any:
    try:
        return evaluated({"option": value}, Templar(loader=DataLoader(), variables=dict(VARIABLES)))
    except AnsibleError as error:
        return type(error).__name__


FORMS = ("{{ NAME }}", "{{NAME}}", "a{{ NAME }}b{{ client }}")
ODD = (
    *("{{ absent }}", "{{ absent | default('x') }}", "x{{ absent }}", "{{ omit }}", "{{ range }}"),
    *("{{ hostvars }}", "{{ vars }}", "{{ self }}", "{{ loop }}", "{{ true }}", "{{ none }}", "{{ None }}"),
    *("{{ 1 }}", "{{ 'client' }}", "{{ client.name }}", "{{ client | upper }}", "{{ a b }}", "{{ client"),
    *("{{- client -}}", " {{- client }}", "{{ client }}\n", "{{ lines }}", "{{ lines }}\n", "{{\nclient\n}}"),
    *("{{ client }} }}", "{{ {{ client }} }}", "{{{ client }}}", "{{{ client }}", "{{ client }}}"),
    *("{{{{ client }}}}", "\\{{ client }}", "{{ client }}\\n", "{{\tclient }}", "{# client #}"),
    *("{% if off %}x{% endif %}", "#jinja2: trim_blocks:False\n{{ client }}"),
)


@pytest.mark.parametrize("text", [*(form.replace("NAME", name) for form in FORMS for name in NAMED), *ODD])
def test_a_name_is_looked_up_as_ansible_does(text: str) -> None:
    value = trust_as_template(text)
    assert by_us(value) == by_ansible(value)
    assert by_us([value]) == by_ansible([value])


@pytest.mark.parametrize("seed", range(300))
def test_any_text_is_what_ansible_makes_of_it(seed: int) -> None:
    random = Random(seed)
    names = [f"{{{{ {name} }}}}" for name in NAMED]
    parts = [*names, *names, *NAMED, "{{ ", " }}", "{{", "}}", "{", "}", "/", " ", "\n", "{%", "\\", "'"]
    value = trust_as_template("".join(random.choices(parts, k=random.randint(1, 6))))
    assert by_us(value) == by_ansible(value), value


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{{ deep }}", "clients/client_acme/mysql/root"),
        ("arn:{{ client }}:{{ inventory_hostname }}", "arn:client_acme:client_acme"),
        ("{{ days }}", 40),
        ("{{ freezes }}", [{"from": "2026-12-24"}]),
    ],
)
def test_jinja_is_not_needed_for_names(text: str, found: Any) -> None:
    assert looked_up(trust_as_template(text), VARIABLES) == found


@pytest.mark.parametrize("name", ["tier", "windows", "stranger", "kept", "here", "pair"])
@pytest.mark.parametrize("form", ["{{ NAME }}", "{{ NAME }}/{{ client }}", "{{ days }}NAME"])
def test_what_is_more_than_a_name_is_left_to_jinja(form: str, name: str) -> None:
    text = form.replace("NAME", name)
    value = looked_up(trust_as_template(text), VARIABLES)
    assert value == text and is_trusted_as_template(value)


def test_a_text_that_is_no_template_stays_as_it_is() -> None:
    assert looked_up("{{ inventory_hostname }}", VARIABLES) == "{{ inventory_hostname }}"


def test_what_is_encrypted_is_no_literal() -> None:
    assert not is_literal({"access_key": EncryptedString(ciphertext="$ANSIBLE_VAULT;1.1;AES256")})

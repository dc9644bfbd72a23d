# SPDX-License-Identifier: GPL-3.0-or-later
"""How tests run playbooks, and what a person sees of a run."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from managed import ManagedClient, write_inventory

PLUGINS = {"ANSIBLE_CONNECTION_PLUGINS": str(Path(__file__).with_name("connection_plugins"))}
BASTION = {"ansible_connection": "elsewhere", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
Run = subprocess.CompletedProcess[str]


def single(folder: Path, client: ManagedClient, **variables: Any) -> str:
    """The inventory of one client."""
    return str(write_inventory(folder, {client.name: client.variables(**variables)}))


def said(run: Run) -> str:
    """All that a person saw, without line breaks."""
    return " ".join((run.stdout + run.stderr).split())


def bastion_inventory(folder: Path, client: ManagedClient, **variables: Any) -> str:
    """The inventory of a client behind a jump host."""
    hosts = {client.name: client.variables(rotation_jump_host="bastion", **variables), "bastion": BASTION}
    return str(write_inventory(folder, hosts))


ASYNC_PLAY = """
- hosts: all
  connection: local
  gather_facts: false
  tasks:
    - dbops.rotation.secretsmanager_mysql_rotate:
        secret_id: "clients/{{ inventory_hostname }}/mysql/root"
        endpoint_url: "{{ rotation_endpoint_url }}"
        region: "{{ rotation_region }}"
        tls_ca_file: "{{ rotation_tls_ca_file }}"
      environment:
        AWS_ACCESS_KEY_ID: "{{ rotation_access_key }}"
        AWS_SECRET_ACCESS_KEY: "{{ rotation_secret_key }}"
      async: 200
      poll: 1
"""

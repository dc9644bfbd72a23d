# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the role with values that are out of their range, and what is said to be allowed."""

from __future__ import annotations

from typing import Any

WINDOW = {"from": "22:00", "to": "04:00"}

# option: a wrong value of the right type, and what is said to be allowed.
OUT_OF_RANGE: dict[str, tuple[Any, str]] = {
    "rotation_aws_config": ({"no_such_setting": 1}, "Use the names of botocore.config.Config, such as connect_timeout"),
    "rotation_before": ("yesterday", "Write it like 2026-11-25T14:00:00Z."),
    "rotation_cycle_days": (0, "Give it a number of days from 1 to 999."),
    "rotation_deadline": (900, "Set rotation_deadline to a number of seconds above 0 and below 900."),
    "rotation_endpoint_urls": (
        {"ec2": "https://example.com"},
        "It may name cloudwatch, iam, logs, secretsmanager, sns, ssm, sts",
    ),
    "rotation_freezes": ([{"from": "x", "to": "y", "reason": "z"}], "rotation_freezes, for example: [{from:"),
    "rotation_lead": (59, "Give it a number of seconds from 60 to 604800."),
    "rotation_notice_days": ([7, 1000], "Give it a number of days from 1 to 999."),
    "rotation_onboard_tags": ({"rotation/due": "x"}, "Take them out of rotation_onboard_tags."),
    "rotation_overlap": (-1, "Set rotation_overlap to a number of seconds from 0 to 2592000."),
    "rotation_password_exclude_characters": ("0123456789", "32 have to be left, some of them lower case, upper case"),
    "rotation_password_length": (15, "Set rotation_password_length to a number from 16 to 128"),
    "rotation_paused": ({"until": "soon", "reason": "z"}, "rotation_paused, for example: {until:"),
    "rotation_per_server": (100, "Set rotation_per_server to a number from 1 to 64, or to 0 for no limit."),
    "rotation_reason": ("x" * 201, "Shorten rotation_reason to one line of at most 200 characters."),
    "rotation_replica_regions": ([{"region": "eu-west-1"}] * 2, "Name each region once in rotation_replica_regions"),
    "rotation_replica_wait": (601, "Set rotation_replica_wait to a number of seconds from 0 to 600."),
    "rotation_server_label": ("two words", "Set rotation_server_label to such a word, or leave it empty."),
    "rotation_windows": ([{**WINDOW, "days": ["someday"]}], "rotation_windows, for example: [{days:"),
    "rotation_write_share": (1.5, "Set rotation_write_share to a share from 0 to 1, such as 0.8."),
}

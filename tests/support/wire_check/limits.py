# SPDX-License-Identifier: GPL-3.0-or-later
"""How a value breaks a documented rule, for the table in `rules`; never with the value itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import regex

from .violation import length

Wrong = Iterator[str]
KIB = 1024
TAGS = 50
TAG_TEXT = regex.compile(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*")
# "!" is in the names of secrets that other services of AWS own.
SECRET_NAME = regex.compile(r"[A-Za-z0-9/_+=.@!-]+")
SUBJECT = regex.compile(r"[\x21-\x7e][\x20-\x7e]*")
ATTRIBUTE = regex.compile(r"(?!(?i:aws|amazon)\.)(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)")
ATTRIBUTE_TYPE = regex.compile(r"(String|Number|Binary)(\..+)?")
RETENTION = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731)
RETENTION_YEARS = (1096, 1827, 2192, 2557, 2922, 3288, 3653)
DAY = 86_400_000


def tags(given: Any) -> Wrong:
    """Look at tags, in any of the forms that services have for them."""
    pairs = _pairs(given)
    keys = [key for key, _value in pairs]
    yield from tag_keys(keys)
    for number, (key, value) in enumerate(pairs):
        if not TAG_TEXT.fullmatch(value or ""):
            yield f"the value of tag {number} holds a character that tags do not take"
        if length(value or "") > 256:
            yield f"the value of tag {number} has {length(value)} characters, at most 256 are taken"
        if not key:
            yield f"the key of tag {number} is empty"
    if len(pairs) > TAGS:
        yield f"there are {len(pairs)} tags, at most {TAGS} are taken"
    if len(set(keys)) < len(keys):
        yield "a key is there twice"


def tag_keys(keys: Any) -> Wrong:
    """Look at the keys of tags."""
    for number, key in enumerate(keys):
        if not TAG_TEXT.fullmatch(key):
            yield f"the key of tag {number} holds a character that tags do not take"
        if key.lower().startswith("aws:"):
            yield f"the key of tag {number} begins with aws:, which only AWS may use"
        if length(key) > 128:
            yield f"the key of tag {number} has {length(key)} characters, at most 128 are taken"


def secret_name(given: str) -> Wrong:
    """Look at the name of a secret that is to be made."""
    if not SECRET_NAME.fullmatch(given):
        yield "holds other characters than ASCII letters, digits and /_+=.@-"


def secret_id(given: str) -> Wrong:
    """Look at a name or an ARN."""
    yield from secret_name(given.split(":", 6)[-1] if given.startswith("arn:") else given)


def secret_size(given: str) -> Wrong:
    """Look at the size of a value, which is measured in bytes."""
    if len(given.encode()) > 65_536:
        yield f"has {len(given.encode())} bytes, at most 65536 are taken"


def filters(given: Any) -> Wrong:
    """Look at filters of a listing: what several of one key mean is documented nowhere."""
    keys = [entry["Key"] for entry in given]
    if len(set(keys)) < len(keys):
        yield "two filters have the same key"


def deletion(given: Mapping[str, Any]) -> Wrong:
    """Look at how long a deleted secret is to be kept."""
    days = given.get("RecoveryWindowInDays")
    if days is not None and not 7 <= days <= 30:
        yield "RecoveryWindowInDays is not between 7 and 30"
    if days is not None and given.get("ForceDeleteWithoutRecovery"):
        yield "RecoveryWindowInDays and ForceDeleteWithoutRecovery exclude each other"


def policy(most: int) -> Callable[[Any], Wrong]:
    """Look at a policy's size, without white space, and whether it is JSON."""

    def wrong(given: str) -> Wrong:
        try:
            json.loads(given)
        except ValueError:
            yield "is no JSON"
        size = len("".join(given.split()))
        if size > most:
            yield f"has {size} characters without white space, at most {most} are taken"

    return wrong


def name(pattern: str) -> Callable[[Any], Wrong]:
    """Look at a name that has to match."""

    def wrong(given: str) -> Wrong:
        if not regex.fullmatch(pattern, given):
            yield f"does not match {pattern}"

    return wrong


def subject(given: str) -> Wrong:
    """Look at the subject of a message."""
    if len(given) >= 100:
        yield f"has {len(given)} characters, less than 100 are taken"
    if not SUBJECT.fullmatch(given):
        yield "is not a line of printable ASCII that begins with a letter, a digit or punctuation"


def message(given: Mapping[str, Any]) -> Wrong:
    """Look at a message with its attributes, and at where it goes."""
    told = given.get("Message") or ""
    attributes = given.get("MessageAttributes") or {}
    parts = [told, *attributes, *(text for entry in attributes.values() for text in entry.values())]
    size = sum(len(part.encode() if isinstance(part, str) else part) for part in parts)
    if size > 256 * KIB:
        yield f"the message and its attributes have {size} bytes, at most {256 * KIB} are taken"
    if not told:
        yield "the message is empty"
    if sum(bool(given.get(target)) for target in ("TopicArn", "TargetArn", "PhoneNumber")) != 1:
        yield "there is not exactly one of TopicArn, TargetArn and PhoneNumber"
    if given.get("MessageStructure") == "json" and "default" not in _json(told):
        yield "a message of MessageStructure json has no key default"


def attributes(given: Mapping[str, Any]) -> Wrong:
    """Look at the attributes of a message."""
    for number, (key, entry) in enumerate(given.items()):
        if not ATTRIBUTE.fullmatch(key):
            yield f"the name of attribute {number} is not one that SNS takes"
        if not ATTRIBUTE_TYPE.fullmatch(entry["DataType"]):
            yield f"the type of attribute {number} is none of String, Number and Binary"
        if not (entry.get("StringValue") or entry.get("BinaryValue")):
            yield f"the value of attribute {number} is empty"


def log_events(given: Any) -> Wrong:
    """Look at a batch of log events."""
    sizes = [len(event["message"].encode()) for event in given]
    moments = [event["timestamp"] for event in given]
    if len(sizes) > 10_000:
        yield f"there are {len(sizes)} events, at most 10000 are taken"
    if sum(sizes) + 26 * len(sizes) > KIB * KIB:
        yield f"the batch has {sum(sizes) + 26 * len(sizes)} bytes, at most {KIB * KIB} are taken"
    if moments != sorted(moments):
        yield "the events are not in the order of their time"
    if moments and max(moments) - min(moments) > DAY:
        yield "the events span more than a day"


def retention(given: int) -> Wrong:
    """Look at the days for which a log is kept."""
    if given not in (*RETENTION, *RETENTION_YEARS):
        yield "is not one of the numbers of days that can be chosen"


def parameter_name(given: str) -> Wrong:
    """Look at the name of a parameter of Parameter Store."""
    if not regex.fullmatch(r"[A-Za-z0-9_.\-/]+", given):
        yield "holds other characters than ASCII letters, digits and _.-/"
    if given.lower().lstrip("/").startswith(("aws", "ssm")):
        yield "begins with aws or ssm, which only AWS may use"
    if given.strip("/").count("/") >= 15:
        yield "has more than 15 levels"
    if "/" in given and not given.startswith("/"):
        yield "has levels but does not begin with a slash"


def parameter_value(given: Mapping[str, Any]) -> Wrong:
    """Look at a parameter's size; one of another tier than Standard may have 8 KiB."""
    most = (4 if given.get("Tier", "Standard") == "Standard" else 8) * KIB
    size = len(given["Value"].encode())
    if size > most:
        yield f"Value has {size} bytes, at most {most} are taken"
    if "{{" in given["Value"]:
        yield "Value holds {{, which cannot be nested"


def _pairs(given: Any) -> list[tuple[str, str]]:
    if isinstance(given, Mapping):
        return list(given.items())
    forms = (("Key", "Value"), ("key", "value"), ("TagKey", "TagValue"))
    return [(entry[key], entry.get(value, "")) for entry in given for key, value in forms if key in entry]


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return {}

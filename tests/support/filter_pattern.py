# SPDX-License-Identifier: GPL-3.0-or-later
"""What a metric filter of CloudWatch Logs makes of an event of JSON, as far as our patterns go.

No emulator knows such patterns. The source is "Filter pattern syntax" in the user guide of CloudWatch Logs: && binds
more tightly than ||, an asterisk in a text is a wildcard, and a field that is missing matches no comparison.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

LONGEST = 1024
MISSING = object()
TOKEN = re.compile(
    r"""\s*(?:(?P<field>\$(?:\.[\w-]+|\[\d+\])+) | (?P<sign>&&|\|\||[()]|!=|>=|<=|=|<|>)
        | (?P<word>IS\ TRUE|IS\ FALSE|IS\ NULL|NOT\ EXISTS) | "(?P<text>[^"]*)" | (?P<number>-?\d+(?:\.\d+)?)\b)""",
    re.VERBOSE,
)
NUMERIC: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
Token = tuple[str, str]
Test = Callable[[Any], bool]


def matches(pattern: str, event: Any) -> bool:
    """Whether a filter with this pattern counts the event; ValueError where the pattern is none that is known here."""
    if not (pattern.startswith("{") and pattern.endswith("}") and len(pattern) <= LONGEST):
        raise ValueError(f"not a pattern for JSON of at most {LONGEST} characters: {pattern}")
    return _Parser(tokens(pattern[1:-1])).whole()(event)


def metric_data(metric_filter: dict[str, Any], event: Any) -> list[dict[str, Any]]:
    """Return what a filter, as DescribeMetricFilters shows it, publishes for an event: parameters of PutMetricData."""
    if not matches(metric_filter["filterPattern"], event):
        return []
    found = [_published(given, event) for given in metric_filter["metricTransformations"]]
    return [data for data in found if data]


def value_at(event: Any, path: str) -> Any:
    """Return the value that a selector like $.counts.overdue or $.users[0].email finds, or MISSING."""
    for name, index in re.findall(r"\.([\w-]+)|\[(\d+)\]", path):
        try:
            event = event[name] if name else event[int(index)]
        except (KeyError, IndexError, TypeError):
            return MISSING
    return event


def tokens(text: str) -> list[Token]:
    """Return the parts of an expression, each with its kind."""
    found, place = [], 0
    while text[place:].strip():
        token = TOKEN.match(text, place)
        if token is None or token.lastgroup is None:
            raise ValueError(f"not known here: {text[place:]}")
        found.append((token.lastgroup, token[token.lastgroup]))
        place = token.end()
    return found


class _Parser:
    """Recursive descent, one method for each rule."""

    def __init__(self, given: list[Token]) -> None:
        self.left = given

    def whole(self) -> Test:
        test = self.any_of()
        if self.left:
            raise ValueError(f"left over: {self.left}")
        return test

    def any_of(self) -> Test:
        tests = [self.all_of()]
        while self.taken(("sign", "||")):
            tests.append(self.all_of())
        return lambda event: any(test(event) for test in tests)

    def all_of(self) -> Test:
        tests = [self.one()]
        while self.taken(("sign", "&&")):
            tests.append(self.one())
        return lambda event: all(test(event) for test in tests)

    def one(self) -> Test:
        if self.taken(("sign", "(")):
            test = self.any_of()
            if not self.taken(("sign", ")")):
                raise ValueError(f"a parenthesis is not closed before {self.left}")
            return test
        (_kind, path), (kind, sign) = self.next("field"), self.next("sign", "word")
        test = WORDS[sign] if kind == "word" else self.comparison(sign)
        return lambda event: test(value_at(event, path))

    def comparison(self, sign: str) -> Test:
        kind, text = self.next("text", "number")
        if kind == "number" and sign in NUMERIC:
            return lambda value: _is_number(value) and NUMERIC[sign](value, float(text))
        if kind == "text" and sign in ("=", "!="):
            pattern = text.replace("[", "[[]").replace("?", "[?]")
            return lambda value: isinstance(value, str) and fnmatchcase(value, pattern) is (sign == "=")
        raise ValueError(f"a {kind} cannot be compared by {sign}")

    def taken(self, token: Token) -> bool:
        if self.left[:1] != [token]:
            return False
        self.left = self.left[1:]
        return True

    def next(self, *kinds: str) -> Token:
        if not self.left or self.left[0][0] not in kinds:
            raise ValueError(f"{' or '.join(kinds)} expected before {self.left}")
        token, *self.left = self.left
        return token


WORDS: dict[str, Test] = {
    "IS TRUE": lambda value: value is True,
    "IS FALSE": lambda value: value is False,
    "IS NULL": lambda value: value is None,
    "NOT EXISTS": lambda value: value is MISSING,
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _published(given: dict[str, Any], event: Any) -> dict[str, Any] | None:
    """Return the datum of one transformation; none where its value is no number, which CloudWatch leaves out."""
    text = given["metricValue"]
    value = value_at(event, text) if text.startswith("$") else float(text)
    if not _is_number(value):
        return None
    named = {name: value_at(event, path) for name, path in given.get("dimensions", {}).items()}
    dimensions = [{"Name": name, "Value": str(found)} for name, found in named.items() if found is not MISSING]
    datum = {"MetricName": given["metricName"], "Value": float(value), "Dimensions": dimensions}
    return {"Namespace": given["metricNamespace"], "MetricData": [datum]}

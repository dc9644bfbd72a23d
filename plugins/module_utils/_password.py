# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""New passwords: how this collection draws them, and whether it could have drawn a certain one."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass

from ._codes import Code
from ._errors import RotationError

# The only specials that break in no shell, URL, my.cnf, YAML, JSON or .env file (measured).
SPECIALS = "-_."
DEFAULT_LENGTH = 32
# CHANGE REPLICATION SOURCE accepts 32 characters; MySQL's accounts accept 255 bytes.
LENGTHS = range(16, 129)
CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits, SPECIALS)


@dataclass(frozen=True)
class PasswordRules:
    """What a new password has to look like: the caller's wishes, tightened by the server's own policy.

    ``minimum`` counts, for lower case, upper case, digits and specials, how many of each are needed at least.
    """

    length: int = DEFAULT_LENGTH
    exclude: str = ""
    minimum: tuple[int, int, int, int] = (2, 2, 2, 2)
    forbidden_words: tuple[str, ...] = ()

    def alphabets(self) -> tuple[str, ...]:
        """Return the characters of each class that may be used."""
        return tuple("".join(char for char in chars if char not in self.exclude) for chars in CLASSES)

    def tightened(self, length: int, minimum: tuple[int, int, int, int], forbidden: tuple[str, ...]) -> PasswordRules:
        """Return rules that also satisfy a server's policy.

        Raises RotationError (invalid_option) where the policy needs special characters and all are excluded.
        """
        if minimum[3] and not self.alphabets()[3]:
            raise _impossible("The server's policy asks for special characters, but all of - _ . are excluded.")
        lower, upper, digits, specials = (max(pair) for pair in zip(self.minimum, minimum, strict=True))
        needed = max(length, lower + upper + digits + specials + 2)
        words = (*self.forbidden_words, *forbidden)
        return PasswordRules(max(self.length, needed), self.exclude, (lower, upper, digits, specials), words)


def generate(rules: PasswordRules) -> str:
    """Draw a password: a letter first, a letter or digit last, enough of every class.

    Raises RotationError (invalid_option) where the rules leave too little to choose from.
    """
    refuse_impossible(rules)
    while not could_have_generated(password := _draw(rules), rules):
        pass
    return password


def could_have_generated(password: str, rules: PasswordRules) -> bool:
    """Return True if ``generate`` could have returned this password under these rules."""
    alphabets = rules.alphabets()
    lower, upper, digits, _specials = alphabets
    counts = [sum(char in chars for char in password) for chars in alphabets]
    return (
        len(password) == rules.length
        and sum(counts) == len(password)
        and password[0] in lower + upper
        and password[-1] in lower + upper + digits
        and all(count >= least for count, least, chars in zip(counts, rules.minimum, alphabets, strict=True) if chars)
        and not any(word.lower() in password.lower() for word in rules.forbidden_words if word)
    )


def _draw(rules: PasswordRules) -> str:
    chooser = secrets.SystemRandom()
    alphabets = rules.alphabets()
    chars = [
        chooser.choice(alphabet)
        for alphabet, least in zip(alphabets, rules.minimum, strict=True)
        for _index in range(least)
        if alphabet
    ]
    chars += [chooser.choice("".join(alphabets)) for _index in range(rules.length - len(chars))]
    chooser.shuffle(chars)
    return "".join(chars)


def refuse_impossible(rules: PasswordRules) -> None:
    """Raise a RotationError (invalid_option) where the rules leave too little to choose from."""
    alphabets = rules.alphabets()
    if rules.length not in LENGTHS:
        raise _impossible(
            f"A password length from {LENGTHS.start} to {LENGTHS.stop - 1} is needed, not {rules.length}."
        )
    if len("".join(alphabets)) < 32 or not all(alphabets[:3]):
        raise _impossible("The excluded characters leave fewer than 32 to choose from, or none of one class.")


def _impossible(fault: str) -> RotationError:
    return RotationError(
        fault,
        code=Code.INVALID_OPTION,
        next_step=f"Set {{option|password_length}} to a number from {LENGTHS.start} to {LENGTHS.stop - 1}, and exclude"
        " fewer characters in {option|password_exclude_characters}: 32 have to be left, some of them lower case, upper"
        " case and digits.",
    )

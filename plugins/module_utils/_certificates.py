# Copyright (c) 2026, dbops.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a certificate was not accepted, in words, for databases and AWS alike."""

from __future__ import annotations

import ssl
from typing import NamedTuple

CLOCK = "look at this host's clock (date)"


class CertificateFault(NamedTuple):
    """What is wrong with a certificate, and what to do; empty where that depends on whose it is."""

    what: str
    next_step: str


# OpenSSL's numbers: https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/
FAULTS = {
    9: CertificateFault("is not valid yet", f"First {CLOCK}; then have the certificate made anew."),
    10: CertificateFault(
        "has expired", f"Have it renewed, and have the server read the new one; if it is new already, {CLOCK}."
    ),
    12: CertificateFault("is on a certificate revocation list that has expired", "Renew the revocation list."),
    23: CertificateFault("was revoked", "Have a new one made."),
    62: CertificateFault("was made for another name", ""),
    64: CertificateFault("was made for another address", ""),
}


def certificate_fault(error: BaseException) -> CertificateFault | None:
    """Return what is wrong with the certificate; None where the exception is about something else."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return None
    description = f"is not trusted ({getattr(error, 'verify_message', '') or 'verification failed'})"
    return FAULTS.get(getattr(error, "verify_code", 0), CertificateFault(description, ""))

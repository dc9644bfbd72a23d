# SPDX-License-Identifier: GPL-3.0-or-later
"""A throw-away certificate authority, so that TLS verification in the local world is real."""

from __future__ import annotations

import datetime
import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = datetime.timedelta(days=30)


@dataclass(frozen=True)
class Certificate:
    """The files of one issued certificate."""

    certificate: Path
    key: Path


class Authority:
    """A certificate authority that lives in a folder; make a second one for a certificate that nobody trusts."""

    def __init__(self, folder: Path, name: str = "Throw-away authority") -> None:
        """Create the authority's key and its self-signed certificate, `ca_file`."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.ca_file = folder / "ca.pem"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = common_name(name)
        builder = self._builder(self._name, self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(key_usage(signs_certificates=True), critical=True)
        write_certificate(self.ca_file, builder.sign(self._key, hashes.SHA256()))

    def issue(
        self,
        name: str,
        *,
        hosts: Sequence[str] = ("localhost",),
        addresses: Sequence[str] = ("127.0.0.1",),
        client: bool = False,
        life: datetime.timedelta = LIFETIME,
    ) -> Certificate:
        """Issue a certificate for these names; with no hosts and no addresses it has no subject alternative name."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(common_name(name), key.public_key(), life)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(key_usage(signs_certificates=False), critical=True)
        usage = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        names = alternative_names(hosts, addresses)
        if names and not client:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        issued = Certificate(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        write_key(issued.key, key)
        write_certificate(issued.certificate, builder.sign(self._key, hashes.SHA256()))
        return issued

    def _builder(
        self, subject: x509.Name, public_key: ec.EllipticCurvePublicKey, life: datetime.timedelta = LIFETIME
    ) -> x509.CertificateBuilder:
        """Return what every certificate here has in common; strict verifiers insist on both key identifiers."""
        now = datetime.datetime.now(datetime.UTC)
        own = self._key.public_key()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + life)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(own), critical=False)
        )


def common_name(name: str) -> x509.Name:
    """Return a distinguished name that has a common name only."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def alternative_names(hosts: Sequence[str], addresses: Sequence[str]) -> list[x509.GeneralName]:
    """Return the names under which a server may be reached."""
    names: list[x509.GeneralName] = [x509.DNSName(host) for host in hosts]
    return [*names, *(x509.IPAddress(ipaddress.ip_address(address)) for address in addresses)]


def key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    """Return the key's usage: an authority's key signs certificates, any other key signs handshakes."""
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def write_certificate(path: Path, certificate: x509.Certificate) -> None:
    """Write a certificate as PEM."""
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """Write a private key as PEM, for its owner's eyes only from the first byte on."""
    path.unlink(missing_ok=True)
    data = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
        handle.write(data)

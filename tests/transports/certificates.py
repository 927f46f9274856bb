"""Certificates for the tests: one authority, and what servers and clients need, made by openssl."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

LEDGER = """
[ca]
default_ca = ours
[ours]
database = {ledger}
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = anything
[anything]
commonName = supplied
"""


def openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Authority:
    """Signs certificates, and makes contexts that trust it.

    Args:
        folder: where the files are kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificate = folder / "authority.pem"
        self.key = folder / "authority.key"
        openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-keyout", self.key, "-out", self.certificate, "-days", "30"),
            *("-subj", "/CN=the tests' authority", "-addext", "keyUsage=critical,keyCertSign"),
        )

    def issue(self, name: str, *, year: int | None = None) -> Path:
        """A certificate for the host `name`, with its key in the same file.

        It is valid now, or in `year` only.
        """
        made = self.folder / f"{name}-{year}.pem"
        if made.exists():
            return made
        request, key, extensions = (made.with_suffix(end) for end in (".csr", ".key", ".ext"))
        # the last two because Pythons from 3.13 on are strict
        extensions.write_text(
            f"subjectAltName=DNS:{name}\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
        )
        openssl(
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-keyout", key, "-out", request, "-subj", f"/CN={name}"),
        )
        if year is None:
            openssl(
                *("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key),
                *("-CAcreateserial", "-days", "30", "-out", made, "-extfile", extensions),
            )
        else:  # only `openssl ca` takes dates on every version, and it wants a ledger
            ledger = self.folder / "ledger"
            ledger.touch()
            settings = self.folder / "ledger.conf"
            settings.write_text(LEDGER.format(folder=self.folder, ledger=ledger))
            openssl(
                *("ca", "-batch", "-notext", "-config", settings, "-in", request, "-out", made),
                *("-cert", self.certificate, "-keyfile", self.key, "-extfile", extensions),
                *("-startdate", f"{year}0101000000Z", "-enddate", f"{year}1231000000Z"),
            )
        made.write_text(made.read_text() + key.read_text())
        return made

    def server(self, name: str = "localhost", *, year: int | None = None) -> ssl.SSLContext:
        """A server's context."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=self.certificate)
        context.load_cert_chain(self.issue(name, year=year))
        return context

    def client(self) -> ssl.SSLContext:
        """A client's context, which checks names."""
        return ssl.create_default_context(cafile=self.certificate)

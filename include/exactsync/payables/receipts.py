"""Receipts on their way to Exact: fetched from the source, and checked by what they are, not by their names."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from exactsync.errors import SkippableRecordError

if TYPE_CHECKING:
    from exactsync.payable import Payable, Receipt

LARGEST: Final = 10 * 1024 * 1024
"""Bytes that an attachment may have."""
_SIGNATURES: Final = {b"%PDF-": "pdf", b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg"}
_WITHIN: Final = 1024
"""A PDF may begin that late (ISO 32000-1, annex H)."""


class Receipts(Protocol):
    """Where the receipts of a source are."""

    def fetch(self, receipt: Receipt) -> bytes:
        """Return what a receipt holds.

        Raises:
            SkippableRecordError: it is not there any more.
            RetryLaterError: the source does not answer.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A receipt as it goes to Exact."""

    digest: str
    """Of its content: the same receipt is attached once, in whatever order receipts come."""
    suffix: str
    content: bytes = field(repr=False)

    @property
    def step(self) -> str:
        """What attaching it is called in `export_steps`."""
        return f"attachment:{self.digest}"

    def file_name(self, reference: str) -> str:
        """Return what it is called at Exact, by which it is found again there."""
        return f"{reference}-{self.digest}.{self.suffix}"


def fetch_attachments(receipts: Receipts, payable: Payable) -> list[Attachment]:
    """Return the receipts of a payable, each content once.

    Raises:
        SkippableRecordError: one of them cannot be attached; says which and why.
        RetryLaterError: the source does not answer.
    """
    attachments = [
        _checked(receipts.fetch(receipt), f"Receipt {place} of {len(payable.receipts)}")
        for place, receipt in enumerate(payable.receipts, start=1)
    ]
    return list({attachment.digest: attachment for attachment in attachments}.values())


def _checked(content: bytes, called: str) -> Attachment:
    if len(content) > LARGEST:
        size = len(content) / 1024 / 1024
        raise SkippableRecordError(
            f"{called} has {size:.1f} MB; Exact takes {LARGEST // 1024 // 1024}. Attach a smaller one, and retry."
        )
    suffix = _type(content)
    if suffix is None:
        raise SkippableRecordError(f"{called} is no PDF, PNG or JPEG, whatever it is called. Attach one, and retry.")
    return Attachment(digest=hashlib.sha256(content).hexdigest()[:16], suffix=suffix, content=content)


def _type(content: bytes) -> str | None:
    named = (suffix for signature, suffix in _SIGNATURES.items() if content.startswith(signature))
    return next(named, "pdf" if b"%PDF-" in content[:_WITHIN] else None)

"""One-line breakages of what books payables."""

from __future__ import annotations

from tests.torture.breakage import Breakage

_UNIT = "tests/unit/payables"

PAYABLES = (
    Breakage(
        "book including VAT as if it were excluding",
        "payables/entry.py",
        "net + vat if is_charged_to_us and code and code.type == INCLUDING else net",
        "net",
        f"{_UNIT}/test_entry.py",
    ),
    Breakage(
        "let Exact compute the VAT",
        "payables/entry.py",
        '"VATAmountFC": vat if is_charged_to_us else None,',
        '"VATAmountFC": None,',
        f"{_UNIT}/test_entry.py -k type_of_the_vat_code",
    ),
    Breakage(
        "send VAT of a reverse charge",
        "payables/entry.py",
        " and not code.is_reverse_charge",
        "",
        f"{_UNIT}/test_entry.py",
    ),
    Breakage(
        "send days with a time zone",
        "payables/entry.py",
        "T00:00:00",
        "T00:00:00Z",
        f"{_UNIT}/test_entry.py",
    ),
    Breakage(
        "lose what rounding leaves over",
        "money.py",
        "        units[place] += 1\n",
        "        pass\n",
        f"{_UNIT}/test_entry.py -k to_the_cent",
    ),
    Breakage(
        "take a VAT number for the same in every country",
        "payables/matching.py",
        "self.country == other.country or self.country is None or other.country is None",
        "True",
        f"{_UNIT}/test_matching.py",
    ),
    Breakage(
        "take the first of several suppliers",
        "payables/matching.py",
        "self.suppliers[0] if len(self.suppliers) == 1 else None",
        "self.suppliers[0] if self.suppliers else None",
        f"{_UNIT}/test_matching.py",
    ),
    Breakage(
        "look for a supplier anew each time",
        "payables/preflight/parties.py",
        "if kept := case.mapping.suppliers.get(who.id):",
        "if False and (kept := case.mapping.suppliers.get(who.id)):",
        f"{_UNIT}/test_preflight.py -k match_that_was_made",
    ),
    Breakage(
        "let Exact add the VAT of an account",
        "payables/preflight/lines.py",
        "    elif account and account.vat_code:\n",
        "    elif False:\n",
        f"{_UNIT}/test_preflight.py",
    ),
    Breakage(
        "book in closed periods",
        "payables/preflight/header.py",
        "if journal and not is_open:",
        "if False:",
        f"{_UNIT}/test_preflight.py",
    ),
    Breakage(
        "take what was booked for what was sent",
        "payables/export.py",
        "if wrong := comparing.differences(sent, record, lines):",
        "if wrong := []:",
        "tests/payables/test_export.py -k books_otherwise",
    ),
    Breakage(
        "compare the entry and not its lines",
        "payables/comparing.py",
        '    found += _of_lines(entry["PurchaseEntryLines"], ours, names, currency)\n',
        "",
        f"{_UNIT}/test_comparing.py -k with_its_line",
    ),
    Breakage(
        "take an id that was dropped for one that was never sent",
        "payables/comparing.py",
        "if field.name not in sent:",
        "if field.name not in sent or booked.get(field.name) is None:",
        f"{_UNIT}/test_comparing.py -k in_a_persons_words",
    ),
    Breakage(
        "compare amounts without their sign",
        "payables/comparing.py",
        "if has not in {amount, amount - vat}:",
        "if has is None or abs(has) not in {abs(amount), abs(amount - vat)}:",
        f"{_UNIT}/test_comparing.py -k with_its_line",
    ),
    Breakage(
        "take no notice of another VAT amount",
        "payables/comparing.py",
        "if not is_left_to_exact and (has_vat or Decimal(0)) != vat:",
        "if False:",
        f"{_UNIT}/test_comparing.py -k with_its_line",
    ),
    Breakage(
        "take a credit note for a purchase",
        "payables/comparing.py",
        "    if has is not None and is_credit_note and has > 0:\n",
        "    if has is not None and wanted < 0 < has:\n",
        f"{_UNIT}/test_comparing.py -k credit_note",
    ),
    Breakage(
        "link to wherever Exact says",
        "exact/client.py",
        "if self._screens and is_screen(url, self._screens) else None",
        "if url else None",
        "tests/unit/exact/test_client.py -k becomes_a_link",
    ),
    Breakage(
        "wait for another snapshot without end",
        "payables/spending.py",
        "if snapshot.asked_at and datetime.now(UTC) - snapshot.asked_at > LONGEST_REFUSED:",
        "if False:",
        "tests/integration/test_spending.py -k at_another_snapshot_without_end",
    ),
)

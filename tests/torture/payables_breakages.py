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
)

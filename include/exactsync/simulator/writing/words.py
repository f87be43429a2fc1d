"""What Exact says of something that it will not take: localised texts, joined by CRLF, with status 500.

English and Dutch phrases are those of reports (exact-php-client#325, #452) where there are any; the others follow them.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from exactsync.simulator.messages import refuse

if TYPE_CHECKING:
    from exactsync.simulator.messages import RefusedError
    from exactsync.simulator.settings import Language

_LANGUAGES: Final = ("en", "nl", "fr")


class Phrase(Enum):
    """A complaint about something, in English, Dutch and French."""

    MANDATORY = "Mandatory: {}", "Verplicht: {}", "Obligatoire : {}"
    INVALID_REFERENCE = "Invalid reference: {}", "Ongeldige referentie: {}", "Référence non valide : {}"
    BLOCKED = "Blocked: {}", "Geblokkeerd: {}", "Bloqué : {}"
    ENDED = "No longer active: {}", "Niet meer actief: {}", "Plus actif : {}"
    NOT_ALLOWED = "Not allowed: {}", "Niet toegestaan: {}", "Non autorisé : {}"
    IN_USE = "In use: {}", "In gebruik: {}", "Utilisé : {}"
    EXISTS = "{}: Already exists", "{}: Bestaat reeds", "{} : Existe déjà"
    TOO_LARGE = "Too large: {}", "Te groot: {}", "Trop grand : {}"
    CLOSED = "Closed: {}", "Afgesloten: {}", "Clôturé : {}"
    UNBALANCED = "Not in balance: {}", "Niet in evenwicht: {}", "Non équilibré : {}"
    NO_SUPPLIER = (
        "{}: the account is not a supplier",
        "{}: de relatie is geen leverancier",
        "{} : la relation n'est pas un fournisseur",
    )
    WRONG_JOURNAL = (
        "Invalid journal. The journal must be a purchase journal.",
        "Ongeldig dagboek. Het dagboek moet een inkoopboek zijn.",
        "Journal non valide. Le journal doit être un journal des achats.",
    )


_LABELS: Final = {
    "Account": ("Relationship", "Relatie", "Relation"),
    "AmountFC": ("Amount", "Bedrag", "Montant"),
    "Attachment": ("Attachment", "Bijlage", "Pièce jointe"),
    "Code": ("Code", "Code", "Code"),
    "CostCenter": ("Cost center", "Kostenplaats", "Centre de coûts"),
    "CostUnit": ("Cost unit", "Kostendrager", "Unité de coût"),
    "Country": ("Country", "Land", "Pays"),
    "Currency": ("Currency", "Valuta", "Devise"),
    "Document": ("Document", "Document", "Document"),
    "EntryNumber": ("Entry number", "Boekstuknummer", "Numéro d'écriture"),
    "FileName": ("File name", "Bestandsnaam", "Nom de fichier"),
    "GLAccount": ("G/L account", "Grootboekrekening", "Compte général"),
    "Journal": ("Diary", "Dagboek", "Journal"),
    "Name": ("Name", "Naam", "Nom"),
    "PaymentCondition": ("Payment condition", "Betalingsconditie", "Condition de paiement"),
    "Period": ("Period", "Periode", "Période"),
    "Project": ("Project", "Project", "Projet"),
    "PurchaseEntryLines": ("Entry lines", "Boekingsregels", "Lignes d'écriture"),
    "Rate": ("Exchange rate", "Wisselkoers", "Taux de change"),
    "Subject": ("Subject", "Onderwerp", "Objet"),
    "Supplier": ("Relationship", "Relatie", "Relation"),
    "Type": ("Type", "Type", "Type"),
    "VATAmountFC": ("VAT amount", "Btw-bedrag", "Montant TVA"),
    "VATCode": ("VAT code", "Btw-code", "Code TVA"),
    "YourRef": ("Your ref.", "Uw ref.", "Votre réf."),
}
_SAME: Final = {
    "GLAccountPurchase": "GLAccount",
    "PaymentConditionPurchase": "PaymentCondition",
    "PurchaseCurrency": "Currency",
    "PurchaseVATCode": "VATCode",
}


class Complaints:
    """Everything that is wrong with one new record, in the user's language."""

    def __init__(self, language: Language) -> None:
        self._language = _LANGUAGES.index(language)
        self._texts: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._texts)

    def say(self, phrase: Phrase, name: str) -> None:
        """Complain of a property by the name that people see."""
        label = _LABELS.get(_SAME.get(name, name), (name,) * 3)[self._language]
        text = phrase.value[self._language].format(label)
        if text not in self._texts:
            self._texts.append(text)

    def add(self, others: Complaints) -> None:
        """Take over what others complain of."""
        self._texts += [text for text in others._texts if text not in self._texts]

    def refusal(self) -> RefusedError:
        """Return the answer; a good client may meet it, so that it breaks no rule."""
        return refuse(500, "\r\n".join(self._texts), rule=None)

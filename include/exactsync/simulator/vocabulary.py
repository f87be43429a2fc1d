"""Words for believable books: Dutch, Belgian and French charts of accounts, VAT codes, suppliers, places."""

from __future__ import annotations

from typing import NamedTuple


class LedgerAccount(NamedTuple):
    """A line of a chart of accounts: first code, Exact's account type, side (D/C) and balance type (B/W)."""

    code: int
    description: str
    type: int
    side: str
    balance_type: str


class VatRate(NamedTuple):
    """A VAT code: description, fraction, Exact's type (B, E, I, N) and transaction type (B, P, S)."""

    description: str
    percentage: float
    type: str
    transaction_type: str


class Place(NamedTuple):
    """Where a relation lives."""

    city: str
    postcode: str
    street: str


class ReportingElement(NamedTuple):
    """An element of a reporting scheme: its code, the code of the one above, and the side of its balance."""

    code: str
    parent: str | None
    description: str
    balance: str
    is_group: bool


class JournalKind(NamedTuple):
    """A journal: its first code, name and Exact's type."""

    code: int
    description: str
    type: int


ACCOUNT_TYPES = {
    10: "Cash",
    12: "Bank",
    20: "Accounts receivable",
    22: "Accounts payable",
    24: "VAT",
    25: "Employees payable",
    26: "Prepaid expenses",
    27: "Accrued expenses",
    30: "Fixed assets",
    35: "Accumulated depreciation",
    40: "Inventory",
    50: "Capital stock",
    52: "Retained earnings",
    55: "Long term debt",
    90: "General",
    110: "Revenue",
    111: "Cost of goods",
    120: "Other costs",
    121: "Sales, general administrative expenses",
    122: "Depreciation costs",
    125: "Employee costs",
    130: "Exceptional costs",
    140: "Exceptional income",
    150: "Income taxes",
    160: "Interest income",
}

_DUTCH_CHART = (
    LedgerAccount(100, "Goodwill", 30, "D", "B"),
    LedgerAccount(200, "Inventaris", 30, "D", "B"),
    LedgerAccount(210, "Afschrijving inventaris", 35, "C", "B"),
    LedgerAccount(300, "Vervoermiddelen", 30, "D", "B"),
    LedgerAccount(500, "Aandelenkapitaal", 50, "C", "B"),
    LedgerAccount(600, "Winstreserve", 52, "C", "B"),
    LedgerAccount(800, "Hypothecaire lening", 55, "C", "B"),
    LedgerAccount(1000, "Kas", 10, "D", "B"),
    LedgerAccount(1100, "ING Bank", 12, "D", "B"),
    LedgerAccount(1300, "Debiteuren", 20, "D", "B"),
    LedgerAccount(1500, "Btw te vorderen hoog", 24, "D", "B"),
    LedgerAccount(1510, "Btw te betalen hoog", 24, "C", "B"),
    LedgerAccount(1600, "Crediteuren", 22, "C", "B"),
    LedgerAccount(1700, "Vooruitbetaalde kosten", 26, "D", "B"),
    LedgerAccount(1750, "Nog te betalen kosten", 27, "C", "B"),
    LedgerAccount(3000, "Voorraad handelsgoederen", 40, "D", "B"),
    LedgerAccount(4000, "Lonen en salarissen", 125, "D", "W"),
    LedgerAccount(4200, "Huur bedrijfspand", 120, "D", "W"),
    LedgerAccount(4300, "Kantoorkosten", 121, "D", "W"),
    LedgerAccount(4310, "Telefoon & internet", 121, "D", "W"),
    LedgerAccount(4400, "Reis- en verblijfkosten", 121, "D", "W"),
    LedgerAccount(4500, "Autokosten", 121, "D", "W"),
    LedgerAccount(4600, "Verkoopkosten", 121, "D", "W"),
    LedgerAccount(4700, "Algemene kosten", 121, "D", "W"),
    LedgerAccount(4800, "Afschrijvingskosten", 122, "D", "W"),
    LedgerAccount(7000, "Inkoopwaarde omzet", 111, "D", "W"),
    LedgerAccount(8000, "Omzet binnenland hoog", 110, "C", "W"),
    LedgerAccount(8100, "Omzet buitenland EU", 110, "C", "W"),
    LedgerAccount(9000, "Bijzondere lasten", 130, "D", "W"),
    LedgerAccount(9100, "Bijzondere baten", 140, "C", "W"),
)
_BELGIAN_CHART = (
    LedgerAccount(100000, "Geplaatst kapitaal", 50, "C", "B"),
    LedgerAccount(140000, "Overgedragen winst", 52, "C", "B"),
    LedgerAccount(230000, "Installaties, machines en uitrusting", 30, "D", "B"),
    LedgerAccount(240000, "Meubilair en rollend materieel", 30, "D", "B"),
    LedgerAccount(400000, "Handelsdebiteuren", 20, "D", "B"),
    LedgerAccount(411000, "Terug te vorderen btw", 24, "D", "B"),
    LedgerAccount(440000, "Leveranciers", 22, "C", "B"),
    LedgerAccount(451000, "Te betalen btw", 24, "C", "B"),
    LedgerAccount(550000, "KBC Zichtrekening", 12, "D", "B"),
    LedgerAccount(604000, "Aankopen handelsgoederen", 111, "D", "W"),
    LedgerAccount(610000, "Huur en huurlasten", 120, "D", "W"),
    LedgerAccount(612000, "Frais de bureau", 121, "D", "W"),
    LedgerAccount(613000, "Honoraires", 121, "D", "W"),
    LedgerAccount(620000, "Bezoldigingen", 125, "D", "W"),
    LedgerAccount(630200, "Afschrijvingen op materiële vaste activa", 122, "D", "W"),
    LedgerAccount(700000, "Omzet", 110, "C", "W"),
)
_FRENCH_CHART = (
    LedgerAccount(101000, "Capital social", 50, "C", "B"),
    LedgerAccount(110000, "Report à nouveau", 52, "C", "B"),
    LedgerAccount(164000, "Emprunts auprès des établissements de crédit", 55, "C", "B"),
    LedgerAccount(218300, "Matériel de bureau et informatique", 30, "D", "B"),
    LedgerAccount(281830, "Amortissements du matériel de bureau", 35, "C", "B"),
    LedgerAccount(370000, "Stocks de marchandises", 40, "D", "B"),
    LedgerAccount(401000, "Fournisseurs", 22, "C", "B"),
    LedgerAccount(411000, "Clients", 20, "D", "B"),
    LedgerAccount(445660, "TVA déductible sur autres biens et services", 24, "D", "B"),
    LedgerAccount(445710, "TVA collectée", 24, "C", "B"),
    LedgerAccount(512000, "Banque", 12, "D", "B"),
    LedgerAccount(606400, "Fournitures administratives", 121, "D", "W"),
    LedgerAccount(613200, "Locations immobilières", 120, "D", "W"),
    LedgerAccount(622600, "Honoraires", 121, "D", "W"),
    LedgerAccount(625100, "Voyages et déplacements", 121, "D", "W"),
    LedgerAccount(641100, "Salaires, appointements", 125, "D", "W"),
    LedgerAccount(681120, "Dotations aux amortissements", 122, "D", "W"),
    LedgerAccount(706000, "Prestations de services", 110, "C", "W"),
)
CHARTS = {"NL": _DUTCH_CHART, "BE": _BELGIAN_CHART, "FR": _FRENCH_CHART}

VAT_RATES = {
    "NL": (
        VatRate("Geen btw", 0.0, "N", "B"),
        VatRate("Btw laag tarief inclusief", 0.09, "I", "B"),
        VatRate("Btw laag tarief exclusief", 0.09, "E", "B"),
        VatRate("Btw hoog tarief inclusief", 0.21, "I", "B"),
        VatRate("Btw hoog tarief exclusief", 0.21, "E", "B"),
        VatRate("Btw verlegd", 0.21, "E", "P"),
        VatRate("Levering binnen de EU", 0.0, "B", "S"),
        VatRate("Inkoop buiten de EU", 0.0, "B", "P"),
    ),
    "BE": (
        VatRate("Geen btw / Pas de TVA", 0.0, "N", "B"),
        VatRate("Btw 6 %", 0.06, "E", "B"),
        VatRate("Btw 12 %", 0.12, "E", "B"),
        VatRate("Btw 21 %", 0.21, "E", "B"),
        VatRate("Medecontractant 21 %", 0.21, "E", "P"),
    ),
    "FR": (
        VatRate("Sans TVA", 0.0, "N", "B"),
        VatRate("TVA 2,1 %", 0.021, "E", "B"),
        VatRate("TVA 5,5 %", 0.055, "E", "B"),
        VatRate("TVA 10 %", 0.1, "E", "B"),
        VatRate("TVA 20 %", 0.2, "E", "B"),
        VatRate("Autoliquidation 20 %", 0.2, "E", "P"),
    ),
}
PLACES = {
    "NL": (
        Place("Amsterdam", "1017 CC", "Keizersgracht"),
        Place("Utrecht", "3511 AB", "Oudegracht"),
        Place("'s-Hertogenbosch", "5211 JN", "Hinthamerstraat"),
        Place("Delft", "2611 RT", "Molengraaffsingel"),
        Place("Rotterdam", "3011 AD", "Coolsingel"),
    ),
    "BE": (
        Place("Antwerpen", "2000", "Meir"),
        Place("Liège", "4000", "Rue de la Régence"),
        Place("Gent", "9000", "Veldstraat"),
    ),
    "FR": (
        Place("Paris", "75011", "Rue de l'Orillon"),
        Place("Lyon", "69002", "Rue Mercière"),
        Place("Saint-Étienne", "42000", "Place de l'Hôtel-de-Ville"),
    ),
}
LANGUAGES = {"NL": ("nl",), "BE": ("nl", "fr"), "FR": ("fr",)}
FAMILY_NAMES = (
    "Bakker", "De Vries", "Van den Berg", "Jansen", "Smit", "Mulder", "Peeters", "Maes", "Dubois", "Lefèvre",
    "Moreau", "Girard", "Willems", "Claes", "O'Neill", "Müller", "García", "Nowak", "Ğözde", "Sørensen",
)  # fmt: skip
TRADES = (
    "Installatietechniek", "Kantoorartikelen", "Logistiek", "Schoonmaak", "Consultancy", "Drukkerij", "Catering",
    "Informatique", "Transports", "Mobilier", "Énergie", "Assurances", "Publicité", "Beveiliging", "Telecom",
)  # fmt: skip
LEGAL_FORMS = {"NL": ("B.V.", "N.V.", "VOF", "& Zn."), "BE": ("BV", "NV", "SRL"), "FR": ("SARL", "SAS", "& Fils")}
DEPARTMENTS = (
    "Algemeen", "Verkoop", "Marketing", "Inkoop", "Productie", "Magazijn", "Administratie", "Directie", "ICT",
    "Personeelszaken", "Onderzoek", "Klantenservice", "Technische dienst", "Juridisch", "Export",
)  # fmt: skip
PRODUCTS = ("Fietsen", "Onderdelen", "Verhuur", "Reparatie", "Webwinkel", "Abonnementen", "Opleiding", "Advies")
PAYMENT_CONDITIONS = (
    ("00", "Contant", 0), ("08", "8 dagen netto", 8), ("14", "14 dagen netto", 14), ("21", "21 dagen", 21),
    ("30", "30 dagen netto", 30), ("45", "45 jours fin de mois", 45), ("60", "60 dagen einde maand", 60),
    ("90", "90 dagen", 90), ("IN", "Automatische incasso", 30),
)  # fmt: skip
REPORTING_SCHEME = (
    ReportingElement("B", None, "Balans", "debit", is_group=True),
    ReportingElement("BIva", "B", "Immateriële vaste activa", "debit", is_group=True),
    ReportingElement("BIvaGoo", "BIva", "Goodwill", "debit", is_group=False),
    ReportingElement("BMva", "B", "Materiële vaste activa", "debit", is_group=True),
    ReportingElement("BMvaInv", "BMva", "Inventaris", "debit", is_group=False),
    ReportingElement("BVor", "B", "Vorderingen", "debit", is_group=True),
    ReportingElement("BVorDeb", "BVor", "Debiteuren", "debit", is_group=False),
    ReportingElement("BLim", "B", "Liquide middelen", "debit", is_group=False),
    ReportingElement("BSch", "B", "Kortlopende schulden", "credit", is_group=True),
    ReportingElement("BSchCre", "BSch", "Schulden aan leveranciers", "credit", is_group=False),
    ReportingElement("BSchBep", "BSch", "Btw", "credit", is_group=False),
    ReportingElement("W", None, "Winst-en-verliesrekening", "credit", is_group=True),
    ReportingElement("WOmz", "W", "Netto-omzet", "credit", is_group=False),
    ReportingElement("WKpr", "W", "Kostprijs van de omzet", "debit", is_group=False),
    ReportingElement("WPer", "W", "Lasten uit hoofde van personeelsbeloningen", "debit", is_group=False),
    ReportingElement("WBed", "W", "Overige bedrijfskosten", "debit", is_group=True),
    ReportingElement("WBedHui", "WBed", "Huisvestingskosten", "debit", is_group=False),
    ReportingElement("WBedKan", "WBed", "Kantoorkosten", "debit", is_group=False),
    ReportingElement("WBedVkk", "WBed", "Verkoopkosten", "debit", is_group=False),
)
JOURNALS = (
    JournalKind(10, "Kas", 10), JournalKind(20, "ING Bank", 12), JournalKind(30, "Betaaldienst", 16),
    JournalKind(60, "Inkoopboek", 22), JournalKind(65, "Ontvangen creditnota's", 23),
    JournalKind(70, "Verkoopboek", 20), JournalKind(75, "Retouren", 21), JournalKind(90, "Memoriaal", 90),
)  # fmt: skip
PROJECTS = (
    "Nieuw magazijn", "Herinrichting winkel", "Webshop 2.0", "Certificering ISO 27001", "Productlancering voorjaar",
    "Migration comptable", "Onderhoudscontract", "Beurs Hannover",
)  # fmt: skip
PROJECT_TYPES = {1: "Campaign", 2: "Fixed price", 3: "Time and material", 4: "Non billable", 5: "Prepaid"}
BANKS = {
    "NL": (("ING Bank", "INGBNL2A"), ("Rabobank", "RABONL2U"), ("ABN AMRO", "ABNANL2A")),
    "BE": (("KBC", "KREDBEBB"), ("Belfius", "GKCCBEBB")),
    "FR": (("BNP Paribas", "BNPAFRPP"), ("Crédit Agricole", "AGRIFRPP")),
}

"""Divisions: the companies (administrations) themselves.

Each is read by itself in every run, since what it says decides what the other readings are worth: a division that was
moved counts its Timestamps anew. Left out: `Current`, which says what the app last used, and who made or changed it.
"""

from datetime import timedelta

from exactsync.entity import Column, ColumnType, Entity, Feed

ENTITY = Entity(
    name="divisions",
    label="Companies",
    endpoint="system/Divisions",
    feed=Feed.LIST,
    key="division",
    filter="Code eq {division}",
    compare_every=timedelta(0),
    description="The companies that are pulled, one row each.",
    left_out={
        "says what the app last used": ("Current",),
        "how an accountant's office files its clients": (
            "Class_01",
            "Class_02",
            "Class_03",
            "Class_04",
            "Class_05",
        ),
    },
    columns=(
        Column("Code", "division", ColumnType.INTEGER, "Exact's number of the company (administration)."),
        Column("@region", "region", ColumnType.CODE, "Data region of Exact it was read from: nl, be, fr."),
        Column("Description", "description", ColumnType.TEXT, "Name of the company."),
        Column("Hid", "hid", ColumnType.BIGINT, "Number that people know it by."),
        Column(
            "Status",
            "status",
            ColumnType.INTEGER,
            "Whether it is in use.",
            values={0: "inactive", 1: "active", 2: "archived"},
        ),
        Column(
            "BlockingStatus",
            "blocking_status",
            ColumnType.INTEGER,
            "Whether, and why, it is blocked, as sent: 0 is not.",
        ),
        Column("ArchiveDate", "archive_date", ColumnType.DATE, "Since when it is archived; null: it is not."),
        Column("StartDate", "start_date", ColumnType.DATE, "First day it is kept."),
        Column("Country", "country", ColumnType.CODE, "Country (ISO 3166-1 alpha-2): decides the legislation."),
        Column("Legislation", "legislation", ColumnType.CODE, "Legislation it is kept under, as sent."),
        Column("Currency", "currency", ColumnType.CODE, "Default currency (ISO 4217)."),
        Column("Customer", "customer_id", ColumnType.UUID, "Exact's key of the customer who owns it."),
        Column("CustomerCode", "customer_code", ColumnType.CODE, "Code of that customer."),
        Column("CustomerName", "customer_name", ColumnType.TEXT, "Name of that customer."),
        Column("IsMainDivision", "is_main_division", ColumnType.BOOLEAN, "The main company of that customer."),
        Column("IsDossierDivision", "is_dossier_division", ColumnType.BOOLEAN, "A company that only holds files."),
        Column("IsHRDivision", "is_hr_division", ColumnType.BOOLEAN, "A company for payroll."),
        Column(
            "IsPracticeDivision", "is_practice_division", ColumnType.BOOLEAN, "The company of an accountant's practice."
        ),
        Column(
            "DivisionMoveDate",
            "division_move_date",
            ColumnType.DATE,
            "When it was last moved to another database; Timestamps start anew.",
        ),
        Column(
            "DivisionHRLinkUnlinkDate",
            "division_hr_link_unlink_date",
            ColumnType.DATE,
            "When it was last linked to payroll, or unlinked; Timestamps start anew.",
        ),
        Column("VATNumber", "vat_number", ColumnType.TEXT, "VAT number."),
        Column(
            "ChamberOfCommerceNumber",
            "chamber_of_commerce_number",
            ColumnType.TEXT,
            "Company number (KvK, KBO, SIREN).",
        ),
        Column(
            "ChamberOfCommerceEstablishment",
            "chamber_of_commerce_establishment",
            ColumnType.TEXT,
            "Where it is registered.",
        ),
        Column("SiretNumber", "siret_number", ColumnType.TEXT, "France: SIRET of the establishment."),
        Column("OBNumber", "ob_number", ColumnType.TEXT, "Netherlands: number for VAT returns."),
        Column("TaxOfficeNumber", "tax_office_number", ColumnType.TEXT, "Number of the tax office."),
        Column("TaxReferenceNumber", "tax_reference_number", ColumnType.TEXT, "Reference of the tax office."),
        Column(
            "DatevAccountantNumber",
            "datev_accountant_number",
            ColumnType.TEXT,
            "Germany: DATEV number of the accountant.",
        ),
        Column("DatevClientNumber", "datev_client_number", ColumnType.TEXT, "Germany: DATEV number of the client."),
        Column("ShareCapital", "share_capital", ColumnType.NUMERIC, "Share capital.", unit="currency of the division"),
        Column("AddressLine1", "address_line1", ColumnType.TEXT, "First line of the address."),
        Column("AddressLine2", "address_line2", ColumnType.TEXT, "Second line of the address."),
        Column("AddressLine3", "address_line3", ColumnType.TEXT, "Third line of the address."),
        Column("Postcode", "postcode", ColumnType.TEXT, "Postcode."),
        Column("City", "city", ColumnType.TEXT, "City."),
        Column("State", "state", ColumnType.CODE, "State or province."),
        Column("Phone", "phone", ColumnType.TEXT, "Telephone number."),
        Column("Fax", "fax", ColumnType.TEXT, "Fax number."),
        Column("Email", "email", ColumnType.TEXT, "E-mail address."),
        Column("Website", "website", ColumnType.TEXT, "Website."),
        Column("BusinessTypeCode", "business_type_code", ColumnType.CODE, "Code of the legal form."),
        Column("BusinessTypeDescription", "business_type_description", ColumnType.TEXT, "The legal form in words."),
        Column("CompanySizeCode", "company_size_code", ColumnType.CODE, "Code of the size of the company."),
        Column(
            "CompanySizeDescription", "company_size_description", ColumnType.TEXT, "The size of the company in words."
        ),
        Column("SectorCode", "sector_code", ColumnType.CODE, "Code of the sector."),
        Column("SectorDescription", "sector_description", ColumnType.TEXT, "The sector in words."),
        Column("SubsectorCode", "subsector_code", ColumnType.CODE, "Code of the subsector."),
        Column("SubsectorDescription", "subsector_description", ColumnType.TEXT, "The subsector in words."),
        Column("SbiCode", "sbi_code", ColumnType.CODE, "Code of the industry (SBI)."),
        Column("SbiDescription", "sbi_description", ColumnType.TEXT, "The industry (SBI) in words."),
        Column("TemplateCode", "template_code", ColumnType.CODE, "Template it was made from."),
        Column("Created", "created_at", ColumnType.TIMESTAMP, "When it was created at Exact (UTC)."),
        Column("Modified", "modified_at", ColumnType.TIMESTAMP, "When it was last changed at Exact (UTC)."),
    ),
)

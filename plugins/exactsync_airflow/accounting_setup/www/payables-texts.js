// What the page says about payables: of sources, and of what is mapped.

/** @import {EntryCurrency, MappingKind, SourceKind} from "./payables.d.ts" */

/** @type {Readonly<Record<SourceKind, { label: string, text: string }>>} */
export const SOURCE_KINDS = {
  spendesk: { label: "Spendesk", text: "Read from Spendesk, through a connection in Airflow." },
  files: { label: "Files", text: "Read from files that somebody puts into a folder." },
};

/** @type {Readonly<Record<EntryCurrency, { label: string, text: string }>>} */
export const CURRENCIES = {
  functional: {
    label: "The wallet's",
    text: "What left the wallet, by the spend platform's own conversion. Suits most companies.",
  },
  payment: {
    label: "The payment's",
    text: "The currency that was paid in, at the spend platform's rate. The journal must allow it.",
  },
};

/**
 * @typedef {object} KindTexts
 * @property {string} title
 * @property {string} about
 * @property {string} found what is chosen at Exact, as in "Find a …".
 * @property {string} [key] what is asked for to map one more; without it there is no other.
 * @property {boolean} [isFree] whether a code may be entered that the warehouse does not know yet.
 */

/** @type {Readonly<Record<MappingKind, KindTexts>>} In the order in which they are best done. */
export const KINDS = {
  journal: {
    title: "Journals",
    about: "The purchase journal that each kind of payable is booked in.",
    found: "journal",
    isFree: true,
  },
  account: {
    title: "Expense accounts",
    about: "One that is not mapped here is taken to have the same code at Exact Online.",
    found: "G/L account",
    key: "Expense account, as the source calls it",
    isFree: true,
  },
  vat_code: {
    title: "VAT accounts",
    about: "Map those of reverse charge to the VAT code that Exact Online has for it.",
    found: "VAT code",
    key: "VAT account, as the source calls it",
    isFree: true,
  },
  axis: {
    title: "Analytical fields",
    about: "Which axis the values of a field belong to. Its values are found there by code, else by name.",
    found: "axis",
    key: "Analytical field, as the source calls it",
  },
  supplier: {
    title: "Suppliers",
    about: "Found by VAT number, else IBAN, else name, and kept. Only a person changes who a supplier is.",
    found: "supplier",
    key: "Supplier, by the source's own key",
  },
  supplier_account: {
    title: "Accounts of suppliers",
    about: "The account of a supplier's lines that have none of their own.",
    found: "G/L account",
    key: "Supplier, by the source's own key",
    isFree: true,
  },
  employee: {
    title: "Employees",
    about: "At Exact Online, who is paid back is a supplier: one for each employee, or one for all.",
    found: "supplier",
    key: "Employee, by the source's own key",
  },
};

/** What stands in no section, because nothing of this kind can be mapped. */
export const UNKNOWN_KIND = {
  title: "Rows that are nothing",
  about: "Written with SQL. They do nothing: forget them.",
};

/** What an analytical field may be mapped to, as the table has it. */
export const AXES = [
  { value: "cost_centers", label: "Cost centres" },
  { value: "cost_units", label: "Cost units" },
  { value: "projects", label: "Projects" },
  { value: "ignore", label: "Ignore it" },
];

/**
 * Say how far a section is.
 *
 * @param {{ problems: number, unmapped: number }} section
 * @returns {string} empty: nothing is left to do.
 */
export function openText({ problems, unmapped }) {
  return [problems && `${problems} wrong`, unmapped && `${unmapped} not mapped`].filter(Boolean).join(", ");
}

/** @param {number} payables @returns {string} */
export function namedText(payables) {
  if (!payables) return "";
  return payables === 1 ? "Named by 1 payable" : `Named by ${payables.toLocaleString("en-GB")} payables`;
}

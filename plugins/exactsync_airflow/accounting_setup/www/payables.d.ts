// What the page's API answers about payables (FastAPI, in the folder payables above).

export type SourceKind = "spendesk" | "files";
export type EntryCurrency = "functional" | "payment";

/** How a source of payables is set up. */
export interface SourceSettings {
  kind: SourceKind;
  /** The connection whose company it is booked in; null while the accounting base is files. */
  integration: string | null;
  division: number | null;
  creates_suppliers: boolean;
  requires_receipt: boolean;
  /** The cut-over, as YYYY-MM-DD. */
  start_date: string | null;
  entry_currency: EntryCurrency;
}

export interface Source extends SourceSettings {
  name: string;
  since: string;
  by: string;
}

export interface Sources {
  sources: Source[];
}

export type MappingKind = "journal" | "axis" | "account" | "supplier_account" | "vat_code" | "supplier" | "employee";

/** Something that is mapped, or could be. */
export interface Line {
  /** A MappingKind, unless somebody wrote something else with SQL. */
  kind: string;
  key: string;
  label: string;
  /** How many of the recent payables name it. */
  payables: number;
  target: string | null;
  /** Without a target: what counts as long as nothing else is mapped. */
  target_name: string | null;
  problem: string | null;
  /** How a supplier came to its relation at Exact. */
  how: string | null;
  set_by: string | null;
  set_at: string | null;
  /** Whether it is mapped to nothing, and payables wait for that. */
  is_open: boolean;
}

export interface Section {
  kind: string;
  /** Of very many the ones that need somebody first. */
  lines: Line[];
  total: number;
  problems: number;
  unmapped: number;
}

export interface Mapped {
  now: string;
  source: Source;
  sections: Section[];
  /** The latest first. */
  changes: Change[];
}

/** A change of what something is mapped to; null: nothing. */
export interface Change {
  at: string;
  kind: string;
  key: string;
  former: string | null;
  target: string | null;
  actor: string;
}

/** Something at Exact that can be mapped to. */
export interface Choice {
  value: string;
  label: string;
  about: string;
}

export interface Choices {
  choices: Choice[];
  is_more: boolean;
}

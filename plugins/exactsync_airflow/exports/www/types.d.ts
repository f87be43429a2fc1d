// What the page's API answers (FastAPI, in the folder above).

import type { Dag } from "../../accounting_setup/www/types.d.ts";

export type State =
  "prepared" | "blocked" | "exporting" | "in_doubt" | "failed" | "exported" | "exported_manually" | "sent_back";

export type Action = "retry" | "send_back" | "mark_exported" | "book_anyway";

export type Kind = "invoice" | "card" | "expense_claim" | "credit_note";

export interface Exports {
  user: Person;
  now: string;
  dag: Dag;
  /** The page Accounting setup. */
  setup_url: string;
  has_sources: boolean;
  /** How many payables were edited too late, whatever was asked for. */
  edited: number;
  companies: Company[];
  /** Of what was asked for, in every state. */
  totals: Total[];
  found: number;
  offset: number;
  page_size: number;
  payables: Payable[];
}

export interface Person {
  name: string;
  may_act: boolean;
}

export interface Company {
  division: number;
  name: string;
}

export interface Total {
  state: State;
  currency: string;
  payables: number;
  /** A decimal number as text, as all amounts. */
  amount: string;
}

export interface Payable {
  source: string;
  id: string;
  division: number | null;
  state: State;
  kind: Kind;
  number: string | null;
  description: string;
  counterparty: string;
  entry_date: string;
  currency: string;
  amount: string;
  reference: string;
  reasons: Reason[];
  message: string | null;
  is_edited: boolean;
  attempts: number;
  look_at: string | null;
  entry_id: string | null;
  entry_number: number | null;
  link: string | null;
  updated_at: string;
  exported_at: string | null;
  /** The task that exports it, or did last. */
  task_url: string | null;
  actions: Action[];
}

export interface Reason {
  message: string;
  remedy: string;
}

export interface History {
  /** The newest first. */
  steps: Step[];
}

export interface Step {
  at: string;
  from_state: State | null;
  to_state: State;
  why: string;
  /** null: a task of Airflow. */
  by: string | null;
  task_url: string | null;
}

/** Which payables to show: what the address holds, and what the server is asked. */
export interface Choice {
  /** None: all. */
  states: State[];
  /** A company's number; empty: all. */
  company: string;
  kind: Kind | "";
  /** The first and the last day that they are booked on, as "2026-11-22". */
  first: string;
  last: string;
  text: string;
  onlyEdited: boolean;
  offset: number;
}

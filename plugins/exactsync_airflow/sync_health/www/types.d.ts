// What the page's API answers (FastAPI, in the folder above).

import type { AccountingBase, Dag } from "../../accounting_setup/www/types.d.ts";

export type Standing = "healthy" | "running" | "waiting" | "degraded" | "failed" | "resting" | "inactive";

export interface SyncHealth {
  now: string;
  base: AccountingBase;
  dag: Dag;
  /** The page Accounting setup. */
  setup_url: string;
  /** The columns of the grid; the deletions come last. */
  entities: Entity[];
  connections: Connection[];
  companies: Company[];
  /** The last two weeks (UTC), today last. */
  days: string[];
  changes: DayOfChanges[];
}

export interface Entity {
  name: string;
  label: string;
}

export interface Connection {
  name: string;
  state: string;
  state_label: string;
  reason_text: string | null;
  remedy: string | null;
}

export interface Company {
  connection: string;
  division: number;
  name: string;
  findings: Finding[];
  /** null: no call was made yet. */
  budget: Budget | null;
  /** In the order of the columns. */
  data_sets: DataSet[];
}

export interface DataSet {
  entity: string;
  standing: Standing;
  findings: Finding[];
  /** null: not something that has rows. */
  rows: number | null;
  published_at: string | null;
  attempted_at: string | null;
  outcome: string | null;
  quarantined: number;
  /** Rows that the last comparison had to repair. */
  drift: number;
  failing_checks: number;
  /** Properties and code values that Exact sent and no declaration knows. */
  novelties: number;
  task_url: string | null;
}

export interface Finding {
  text: string;
  runbook: string | null;
}

export interface Budget {
  day: Limit;
  minute: Limit;
  /** Calls of the day that a sync leaves to exports and the page. */
  reserved: number;
  /** Others were seen to use the app. */
  is_shared: boolean;
}

export interface Limit {
  used: number;
  limit: number;
  resets_at: string | null;
}

export interface DayOfChanges {
  division: number;
  day: string;
  inserted: number;
  updated: number;
  deleted: number;
}

/** What is shown of it: what the address holds. */
export interface Choice {
  /** A connection; empty: all. */
  connection: string;
  /** Part of a company's name or number. */
  company: string;
  onlyProblems: boolean;
}

// What the page's API answers (FastAPI, in the folder above), and the little that the page adds to it.

export type State =
  | "not_configured"
  | "awaiting_consent"
  | "choose_company"
  | "initial_sync"
  | "healthy"
  | "degraded"
  | "reconnect_needed"
  | "paused"
  | "disconnected";

export type Action =
  | "authorise"
  | "reconnect"
  | "choose_companies"
  | "choose_axes"
  | "pause"
  | "resume"
  | "disconnect"
  | "remove"
  | "sync";

export type Base = "files" | "exact_online";

export interface Overview {
  user: Person;
  now: string;
  base: AccountingBase;
  apps: App[];
  /** Airflow's list of connections, where an app's client id and secret stand. */
  apps_url: string;
  axes: Axis[];
  dag: Dag;
  connections: Connection[];
}

export interface Person {
  name: string;
  may_act: boolean;
  may_edit_apps: boolean;
}

export interface AccountingBase {
  /** null: never chosen, so that syncs run all the same. */
  current: Base | null;
  since: string | null;
  by: string | null;
  history: BaseSwitch[];
}

export interface BaseSwitch {
  base: Base;
  at: string;
  by: string;
}

export interface Dag {
  id: string;
  url: string;
  is_paused: boolean;
  next_run_at: string | null;
  is_scheduler_alive: boolean;
}

/** A client id registered at Exact, held as an Airflow connection. */
export interface App {
  connection_id: string;
  region: string;
  is_configured: boolean;
  problem: string | null;
  remedy: string | null;
  /** As it stands in the Airflow connection. */
  redirect_uri: string | null;
  /** As it should stand there, and at Exact. */
  callback_uri: string;
}

export interface Axis {
  name: string;
  label: string;
  /** How to see it in Exact Online. */
  where: string;
}

export interface Connection {
  name: string;
  connection_id: string;
  region: string;
  state: State;
  state_label: string;
  reason: string | null;
  reason_text: string | null;
  remedy: string | null;
  since: string;
  /** Also while its authorisation has ended: it rests until somebody resumes it. */
  is_paused: boolean;
  authorised_by: string | null;
  authorised_at: string | null;
  lapses_in_days: number | null;
  shares_grant_with: string[];
  /** The chosen ones. */
  companies: Company[];
  axes: string[];
  last_sync_at: string | null;
  next_run_at: string | null;
  actions: Action[];
}

export interface ConnectionDetail extends Connection {
  journal: JournalEntry[];
}

export interface Company {
  division: number;
  name: string;
  country: string | null;
  customer: string | null;
  status: string | null;
  is_permitted: boolean;
  is_chosen: boolean;
  /** The connection that has it already. */
  taken_by: string | null;
  problem: string | null;
}

/** All that the grant's user may see, and whether they can be chosen. */
export interface CompanyList {
  companies: Company[];
}

export interface JournalEntry {
  at: string;
  event: string;
  from_state: string;
  to_state: string;
  reason: string | null;
  message: string | null;
  by: string;
}

export type LoadState = "queued" | "running" | "done" | "failed";

export interface Progress {
  state: State;
  run: { id: string; state: string; url: string } | null;
  entities: DataSet[];
}

/** One entity of one company. */
export interface DataSet {
  division: number;
  division_name: string;
  entity: string;
  label: string;
  state: LoadState;
  rows: number;
  message: string | null;
  log_url: string | null;
}

/** What could not be done, why, and the way out. */
export interface Problem {
  message: string;
  remedy: string | null;
  reason: string | null;
  /** 0: no answer at all. */
  status: number;
}

/** Where in the page a person is: what the address holds. */
export interface Place {
  view: View;
  /** Of which connection. */
  connection?: string;
  /** Of which source of payables. */
  source?: string;
  /** Of the wizard, from 1. */
  step?: number;
  /** Why Exact's login led back without a consent. */
  problem?: string;
}

export type View =
  | "overview"
  | "switch"
  | "connect"
  | "payables"
  | "source"
  | "mapping"
  | "connection"
  | "authorise"
  | "companies"
  | "axes"
  | "history";

/** What every view is given. */
export interface ViewProps {
  overview: Overview;
  place: Place;
  go: (place: Place) => void;
  /** Takes over what a change answered. */
  changed: (news: Overview | Connection) => void;
  /** Fetches everything anew. */
  reload: () => Promise<void>;
  /** Says something to those who do not see it appear. */
  announce: (text: string) => void;
}

// What the page's API answers, in its shapes.

/** @import {App, Company, Connection, DataSet, Overview, State} from "../../plugins/exactsync_airflow/accounting_setup/www/types.d.ts" */
/** @import {Line, Mapped, Source} from "../../plugins/exactsync_airflow/accounting_setup/www/payables.d.ts" */

export const NOW = "2026-11-22T18:00:00Z";
export const HOSTILE = '<img src=x onerror="alert(1)">';

/** @type {(given?: Partial<Company>) => Company} */
export const company = (given = {}) => ({
  division: 1000001,
  name: "Demo Holding",
  country: "NL",
  customer: "Demo Group",
  status: "active",
  is_permitted: true,
  is_chosen: false,
  taken_by: null,
  problem: null,
  ...given,
});

/** @type {(given?: Partial<App>) => App} */
export const app = (given = {}) => ({
  connection_id: "exact_online_nl",
  region: "nl",
  is_configured: true,
  problem: null,
  remedy: null,
  redirect_uri: "https://airflow.example/finance/exactsync/oauth/callback",
  callback_uri: "https://airflow.example/finance/exactsync/oauth/callback",
  ...given,
});

/** @type {(state?: State, given?: Partial<Connection>) => Connection} */
export const connection = (state = "healthy", given = {}) => ({
  name: "Group NL",
  connection_id: "exact_online_nl",
  region: "nl",
  state,
  state_label: state.replaceAll("_", " "),
  reason: null,
  reason_text: null,
  remedy: null,
  since: "2026-11-10T09:00:00Z",
  is_paused: state === "paused",
  authorised_by: "anna",
  authorised_at: "2026-11-10T09:00:00Z",
  lapses_in_days: 27,
  shares_grant_with: [],
  companies: [company({ is_chosen: true })],
  axes: ["cost_centers"],
  last_sync_at: "2026-11-22T17:20:00Z",
  next_run_at: "2026-11-22T18:20:00Z",
  actions: ["sync", "choose_companies", "choose_axes", "pause", "disconnect"],
  ...given,
});

/** @type {(given?: Partial<Overview>) => Overview} */
export const overview = (given = {}) => ({
  user: { name: "anna", may_act: true, may_edit_apps: true },
  now: NOW,
  base: { current: "exact_online", since: "2026-11-10T09:00:00Z", by: "anna", history: [] },
  apps: [app()],
  apps_url: "connections",
  axes: [
    { name: "cost_centers", label: "Cost centres", where: "Financial, Cost centres" },
    { name: "cost_units", label: "Cost units", where: "Financial, Cost units" },
  ],
  dag: {
    id: "exact_online_sync",
    url: "dags/exact_online_sync",
    is_paused: false,
    next_run_at: "2026-11-22T18:20:00Z",
    is_scheduler_alive: true,
  },
  connections: [],
  ...given,
});

/** @type {(given?: Partial<DataSet>) => DataSet} */
export const dataSet = (given = {}) => ({
  division: 1000001,
  division_name: "Demo Holding",
  entity: "gl_accounts",
  label: "GL accounts",
  state: "done",
  rows: 1204,
  message: null,
  log_url: null,
  ...given,
});

/** @type {(given?: Partial<Source>) => Source} */
export const source = (given = {}) => ({
  name: "spendesk_default",
  kind: "spendesk",
  integration: "Group NL",
  division: 1000001,
  creates_suppliers: false,
  requires_receipt: true,
  start_date: "2026-01-01",
  entry_currency: "functional",
  since: "2026-11-20T09:00:00Z",
  by: "anna",
  ...given,
});

/** @type {(given?: Partial<Line>) => Line} */
export const line = (given = {}) => ({
  kind: "account",
  key: "6100",
  label: "6100",
  payables: 0,
  target: null,
  target_name: null,
  problem: null,
  how: null,
  set_by: null,
  set_at: null,
  is_open: false,
  ...given,
});

/** @type {(lines: Line[], given?: Partial<Mapped>) => Mapped} */
export const mapped = (lines, given = {}) => ({
  now: NOW,
  source: source(),
  sections: [...new Set(lines.map((each) => each.kind))].map((kind) => {
    const ours = lines.filter((each) => each.kind === kind);
    return {
      kind,
      lines: ours,
      total: ours.length,
      problems: ours.filter((each) => each.problem).length,
      unmapped: ours.filter((each) => each.is_open).length,
    };
  }),
  changes: [],
  ...given,
});

// What the page says: of states, events and problems, and what it asks a person to do at Exact Online.

/** @import {Action, Base, LoadState, Problem, State} from "./types.d.ts" */

/**
 * What a state means for the person who sees it, and its colour among Airflow's own.
 *
 * @type {Readonly<Record<State, { palette: string, meaning: string }>>}
 */
export const STATES = {
  not_configured: { palette: "none", meaning: "Its app at Exact Online is not set up completely." },
  awaiting_consent: { palette: "queued", meaning: "Not authorised yet. Next: log in at Exact Online." },
  choose_company: { palette: "queued", meaning: "Authorised. Next: choose the companies to sync." },
  initial_sync: { palette: "running", meaning: "The first sync reads everything. It needs nothing from you." },
  healthy: { palette: "success", meaning: "The last sync read everything." },
  degraded: { palette: "warning", meaning: "Connected, but not everything could be synced." },
  reconnect_needed: { palette: "failed", meaning: "Exact Online no longer gives access. Somebody must log in again." },
  paused: { palette: "none", meaning: "Nothing is read until you resume. The authorisation is kept alive." },
  disconnected: { palette: "removed", meaning: "The access tokens are destroyed. The data is kept." },
};

/** @type {Readonly<Record<string, string>>} */
export const STATE_LABELS = {
  not_configured: "Not configured",
  awaiting_consent: "Awaiting consent",
  choose_company: "Choose company",
  initial_sync: "Initial sync",
  healthy: "Healthy",
  degraded: "Degraded",
  reconnect_needed: "Reconnect needed",
  paused: "Paused",
  disconnected: "Disconnected",
};

/** @type {Readonly<Record<LoadState, { palette: string, label: string }>>} */
export const LOAD_STATES = {
  queued: { palette: "queued", label: "Queued" },
  running: { palette: "running", label: "Running" },
  done: { palette: "success", label: "Done" },
  failed: { palette: "failed", label: "Failed" },
};

/** @type {Readonly<Record<Action, string>>} */
export const ACTIONS = {
  authorise: "Authorise",
  reconnect: "Reconnect",
  choose_companies: "Change companies",
  choose_axes: "Change axes",
  sync: "Sync now",
  pause: "Pause",
  resume: "Resume",
  disconnect: "Disconnect",
  remove: "Remove",
};

/** @type {Readonly<Record<string, string>>} */
export const EVENTS = {
  created: "Set up",
  authorised: "Authorised at Exact Online",
  companies_chosen: "Companies chosen",
  axes_chosen: "Axes chosen",
  sync_succeeded: "Sync succeeded",
  sync_degraded: "Sync incomplete",
  grant_ended: "Authorisation ended",
  paused: "Paused",
  resumed: "Resumed",
  disconnected: "Disconnected",
  removed: "Removed",
};

/**
 * Why a login at Exact Online led back here without a consent, and what to do.
 *
 * @type {Readonly<Record<string, { message: string, remedy: string }>>}
 */
const RETURNS = {
  denied: {
    message: "Exact Online was not given your permission.",
    remedy: "Authorise again, and allow the access when Exact Online asks for it.",
  },
  state_expired: {
    message: "The login at Exact Online took longer than ten minutes.",
    remedy: "Authorise again.",
  },
  state_used: {
    message: "This login at Exact Online was used already.",
    remedy: "If the connection is not authorised, authorise again.",
  },
  state_foreign: {
    message: "This login at Exact Online was started by somebody else in Airflow.",
    remedy: "Authorise again, as yourself.",
  },
  state_unknown: {
    message: "This login at Exact Online was not started here.",
    remedy: "If you were about to connect Exact Online, authorise again from this page.",
  },
  code_refused: {
    message: "Exact Online did not confirm the login.",
    remedy:
      "Authorise again. If that fails too, the client secret or the redirect URI of the app is wrong: whoever looks after Airflow can mend it.",
  },
  exact_unavailable: {
    message: "Exact Online did not answer when the login was to be completed.",
    remedy: "Authorise again in a few minutes.",
  },
  configuration: {
    message: "The login at Exact Online could not be completed, because something is not set up right.",
    remedy: "Check the accounting base and the app on this page, then authorise again.",
  },
  connection_unknown: {
    message: "There is no such connection.",
    remedy: "Choose one of those below.",
  },
};

/**
 * @param {string} reason from the address: anybody may have written it.
 * @returns {Problem}
 */
export function returnProblem(reason) {
  const known = Object.hasOwn(RETURNS, reason) ? RETURNS[reason] : undefined;
  const { message, remedy } = known ?? {
    message: "The login at Exact Online did not succeed.",
    remedy: "Authorise again.",
  };
  return { message, remedy, reason: known ? reason : null, status: 400 };
}

/** How to permit a company for the app, as Exact's own menu names the steps. */
export const PERMIT_STEPS = [
  "Log in at Exact Online as an administrator, in a tab of its own.",
  "Open Import/Export, then App permissions.",
  "Choose this app, then Permitted companies.",
  "Choose “All current and future companies”, or “Manage companies” and tick the ones to sync.",
  "Choose Submit, come back here and load the list again.",
];

/** Why a company may be missing from the list. */
export const MISSING_COMPANY =
  "Exact Online shows an app only the companies that an administrator permits for it, and that the user who logged in " +
  "may see. To permit one:";

/** What a person needs before the wizard; what the server can tell by itself stands in steps.js. */
export const PREREQUISITES = [
  "You are an administrator in Exact Online, with access to every company you want to sync.",
  "Your spend platform and Exact Online are set to the same language. Matching by name depends on it.",
  "You know which analytical axes your books use: cost centres, cost units. Exact Online shows them under Financial, Analysis & Results.",
];

/** @type {Readonly<Record<Base, { label: string, meaning: string }>>} */
export const BASES = {
  exact_online: {
    label: "Exact Online",
    meaning: "Accounting data comes from Exact Online by itself, for every company you connect.",
  },
  files: {
    label: "Files",
    meaning: "Accounting data is exchanged as files. Nothing is read from or sent to Exact Online.",
  },
};

/** @type {Readonly<Record<Base, readonly string[]>>} What this software does once the base is chosen. */
export const CONSEQUENCES = {
  exact_online: [
    "From now on, every connection that is not paused or disconnected is synced on schedule.",
    "If you have used Exact Online here before, you find its connections, companies and axes as you left them.",
    "You can switch back to Files at any time. Nothing set up here is lost by it.",
  ],
  files: [
    "From now on, syncs end without reading: nothing is read from or sent to Exact Online. One that runs at this moment stops before its next call, and goes on there once you switch back.",
    "Connections, companies, axes and all synced data are kept. Authorisations are kept alive.",
    "New connections cannot be set up until you switch back. Then you find everything as you left it.",
  ],
};

/** What a person has to see to in the spend platform; no software here can do it for them. */
export const DUTIES = [
  "Settle open items first. An invoice or expense claim that is still open cannot have its later payment exported and reconciled.",
  "Payables that are not exported yet must be prepared again after the switch.",
  "An invoice and its payment must go out on the same base. One on Files and the other on Exact Online does not work.",
  "The switch counts from today. Best close the period and switch on the first day of a month, or one period ends up in two exports.",
];

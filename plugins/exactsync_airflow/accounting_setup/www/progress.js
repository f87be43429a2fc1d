// A sync under way: what to say of it, and when to look again.

/** @import {Connection, DataSet, LoadState, Progress} from "./types.d.ts" */

const SOON_MS = 2_000;
const LATER_MS = 15_000;
const LATEST_MS = 60_000;

const NUMBER = new Intl.NumberFormat("en-GB");

/**
 * @typedef {{ total: number, rows: number } & Record<LoadState, number>} Counts
 * @typedef {{ division: number, name: string, sets: DataSet[], counts: Counts }} Group
 */

/**
 * @param {readonly DataSet[]} sets
 * @returns {Counts}
 */
export function counted(sets) {
  const counts = { total: sets.length, rows: 0, queued: 0, running: 0, done: 0, failed: 0 };
  for (const set of sets) {
    counts[set.state] += 1;
    counts.rows += set.rows;
  }
  return counts;
}

/**
 * Gather the data sets of each company, in the order in which the server names them.
 *
 * @param {readonly DataSet[]} sets
 * @returns {Group[]}
 */
export function byCompany(sets) {
  /** @type {Map<number, DataSet[]>} */
  const companies = new Map();
  for (const set of sets) companies.set(set.division, [...(companies.get(set.division) ?? []), set]);
  return [...companies].map(([division, own]) => {
    return { division, name: own[0]?.division_name ?? "", sets: own, counts: counted(own) };
  });
}

/**
 * @param {Counts} counts
 * @returns {string} e.g. "3 of 8 data sets done, 1 running, 1 failed".
 */
export function summaryText({ total, done, running, failed }) {
  if (!total) return "Nothing to read yet.";
  return [`${done} of ${total} data sets done`, running && `${running} running`, failed && `${failed} failed`]
    .filter(Boolean)
    .join(", ");
}

/**
 * Say how much there is while nothing more comes in.
 *
 * @param {Counts} counts
 * @returns {string}
 */
export function restText(counts) {
  return counts.total
    ? `As it was last read: ${summaryText(counts)}. Nothing is read at the moment.`
    : summaryText(counts);
}

/**
 * Tell whether accounting data comes in, so that it can be followed.
 *
 * @param {Pick<Connection, "state">} connection
 */
export function isFollowed({ state }) {
  return ["initial_sync", "healthy", "degraded"].includes(state);
}

/**
 * @param {Pick<DataSet, "state" | "rows">} set
 * @returns {string} e.g. "1,204 so far".
 */
export function rowsText({ state, rows }) {
  if (state === "queued" && !rows) return "";
  return state === "done" ? NUMBER.format(rows) : `${NUMBER.format(rows)} so far`;
}

/**
 * Say what is new, for those who listen: only when something was done or failed, never for each row.
 *
 * @param {Counts | null} before
 * @param {Counts} after
 * @returns {string | null}
 */
export function newsText(before, after) {
  const isNew = before === null || before.done !== after.done || before.failed !== after.failed;
  return isNew ? summaryText(after) : null;
}

/**
 * Tell whether a run is under way, or about to start.
 *
 * @param {{ run: { state: string } | null }} progress
 */
export function isRunning({ run }) {
  return run !== null && !["success", "failed"].includes(run.state);
}

/**
 * Say which run the data comes from. One that failed says so: the data sets may all be done, by earlier runs.
 *
 * @param {{ state: string }} run
 * @returns {string}
 */
export function runText(run) {
  if (isRunning({ run })) return "Run in Airflow";
  return run.state === "failed" ? "Last run in Airflow (failed)" : "Last run in Airflow";
}

/**
 * Say in how many milliseconds to look again; null: not at all, until the person comes back or asks for something.
 *
 * @param {{ progress: Progress | null, failures: number, isHidden: boolean }} situation
 *   failures: how many attempts in a row got no answer.
 * @returns {number | null}
 */
export function nextLook({ progress, failures, isHidden }) {
  if (isHidden) return null;
  if (failures) return Math.min(SOON_MS * 2 ** failures, LATEST_MS);
  if (!progress || isRunning(progress)) return SOON_MS;
  return progress.state === "initial_sync" ? LATER_MS : null;
}

/**
 * The same for the overview, which follows everything at a distance.
 *
 * @param {{ isBusy: boolean, failures: number, isHidden: boolean }} situation
 *   isBusy: a first sync is under way.
 * @returns {number | null}
 */
export function nextOverview({ isBusy, failures, isHidden }) {
  if (isHidden) return null;
  if (failures) return Math.min(LATER_MS * 2 ** failures, 4 * LATEST_MS);
  return isBusy ? SOON_MS * 2 : LATER_MS * 2;
}

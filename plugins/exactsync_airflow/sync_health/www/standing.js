// How a data set stands, in words, signs and colours; and what is chosen of all that there is to see.

/** @import {Choice, Company, DataSet, Finding, Standing, SyncHealth} from "./types.d.ts" */

import { companyText, countText, numberText } from "../../accounting_setup/www/words.js";
import { pace } from "../../accounting_setup/www/working.js";

const NAMED_AT_MOST = 3;

/**
 * A word, a sign for who cannot tell colours apart, and one of Airflow's own colours.
 *
 * @type {Readonly<Record<Standing, { label: string, sign: string, palette: string, meaning: string }>>}
 */
export const STANDINGS = {
  failed: { label: "Failed", sign: "✕", palette: "failed", meaning: "Somebody has to act." },
  degraded: { label: "Degraded", sign: "▲", palette: "warning", meaning: "Less or older data than there should be." },
  running: { label: "Running", sign: "▶", palette: "running", meaning: "Being read right now." },
  waiting: { label: "Waiting", sign: "◌", palette: "queued", meaning: "The next sync reads it." },
  healthy: { label: "Healthy", sign: "✓", palette: "success", meaning: "As Exact Online has it." },
  resting: { label: "Resting", sign: "‖", palette: "none", meaning: "Its connection is paused or disconnected." },
  inactive: { label: "Not active", sign: "–", palette: "none", meaning: "Its axis is not active." },
};

/**
 * What a cell counts besides its rows and is no trouble by itself: in the cell, and for who wants to know more.
 *
 * @type {readonly { of: "drift" | "failing_checks" | "novelties", text: (count: number) => string, note: string }[]}
 */
export const REMARKS = [
  {
    of: "drift",
    text: (count) => `${countText(count, "row")} of drift`,
    note: "Drift: the last comparison found these rows wrong, and repaired them. Read docs/full-refresh.md#drift",
  },
  {
    of: "failing_checks",
    text: (count) => countText(count, "finding"),
    note: "Findings: checks that these rows did not pass; the log of publish names them. Read docs/runbook/quality.md",
  },
  {
    of: "novelties",
    text: (count) => countText(count, "novelty", "novelties"),
    note: "Novelties: what Exact sends and no release knows yet. Read docs/runbook/quarantine.md#changed",
  },
];

/** @type {readonly Standing[]} */
const ORDER = ["failed", "degraded", "running", "waiting", "healthy", "resting", "inactive"];

/** @type {readonly Standing[]} */
const TROUBLED = ["failed", "degraded"];

/** @param {Company} company */
export function isTroubled(company) {
  return company.findings.length > 0 || company.data_sets.some((each) => TROUBLED.includes(each.standing));
}

/**
 * Read from the address what is chosen.
 *
 * @param {URLSearchParams} query
 * @returns {Choice}
 */
export function choiceOf(query) {
  return {
    connection: query.get("connection") ?? "",
    company: query.get("company") ?? "",
    onlyProblems: query.has("problems"),
  };
}

/**
 * Write a choice for the address, so that a reload and a bookmark show the same.
 *
 * @param {Choice} choice
 * @returns {URLSearchParams}
 */
export function queryOf({ connection, company, onlyProblems }) {
  const query = new URLSearchParams();
  if (connection) query.set("connection", connection);
  if (company) query.set("company", company);
  if (onlyProblems) query.set("problems", "");
  return query;
}

/**
 * @param {readonly Company[]} companies
 * @param {Choice} choice
 * @returns {Company[]}
 */
export function chosen(companies, { connection, company, onlyProblems }) {
  const wanted = company.trim().toLowerCase();
  return companies.filter(
    (each) =>
      (!connection || each.connection === connection) &&
      (!wanted || companyText(each).toLowerCase().includes(wanted)) &&
      (!onlyProblems || isTroubled(each)),
  );
}

/**
 * Tell which columns of the grid to show: all, or those with a problem. Where a company as a whole is the problem, all.
 *
 * @param {readonly Company[]} companies
 * @param {number} count how many there are.
 * @param {boolean} onlyProblems
 * @returns {number[]} by their numbers, from 0.
 */
export function columnsOf(companies, count, onlyProblems) {
  const all = Array.from({ length: count }, (_, column) => column);
  const troubled = all.filter((column) =>
    companies.some(({ data_sets: sets }) => TROUBLED.some((standing) => standing === sets[column]?.standing)),
  );
  return onlyProblems && troubled.length ? troubled : all;
}

/**
 * @param {readonly Company[]} companies
 * @returns {[Standing, number][]} how many data sets stand how, the worst first; those that are none are left out.
 */
export function counted(companies) {
  const counts = new Map(ORDER.map((standing) => [standing, 0]));
  for (const company of companies) {
    for (const { standing } of company.data_sets) counts.set(standing, (counts.get(standing) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count);
}

/**
 * @param {readonly Company[]} companies
 * @returns {string[]} what to know of the remarks that stand in their cells.
 */
export function notesOf(companies) {
  const sets = companies.flatMap((company) => company.data_sets);
  return REMARKS.filter(({ of }) => sets.some((set) => set[of] > 0)).map(({ note }) => note);
}

/**
 * @param {readonly Company[]} companies
 * @returns {string} e.g. "2 companies, 20 data sets: 1 failed, 19 healthy".
 */
export function summaryText(companies) {
  const counts = counted(companies);
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  const parts = counts.map(([standing, count]) => `${numberText(count)} ${STANDINGS[standing].label.toLowerCase()}`);
  const subject = `${countText(companies.length, "company", "companies")}, ${countText(total, "data set")}`;
  return parts.length ? `${subject}: ${parts.join(", ")}` : subject;
}

/**
 * @param {Company} company
 * @returns {string} e.g. "1 failed, 2 degraded": its trouble may stand in columns that are out of sight.
 */
export function troubleText(company) {
  const counts = counted([company]).filter(([standing]) => TROUBLED.includes(standing));
  return counts
    .map(([standing, count]) => `${numberText(count)} ${STANDINGS[standing].label.toLowerCase()}`)
    .join(", ");
}

/** @typedef {{ key: string, title: string, standing: Standing, findings: Finding[], taskUrl: string | null }} Problem */

/**
 * What is not as it should be, the worst first. Data sets of a company mostly fail for the same reason: they are told
 * together, with what the first of them says.
 *
 * @param {Pick<SyncHealth, "entities">} health
 * @param {readonly Company[]} companies
 * @returns {Problem[]}
 */
export function problemsOf({ entities }, companies) {
  const labels = new Map(entities.map(({ name, label }) => [name, label]));
  const found = companies.flatMap((company) => [
    ...(company.findings.length ? [problem(company, "failed", company.findings, [], null)] : []),
    ...alike(company).map((sets) => {
      const names = sets.map(({ entity }) => labels.get(entity) ?? entity);
      const first = /** @type {DataSet} */ (sets[0]);
      return problem(company, first.standing, first.findings, names, first.task_url);
    }),
  ]);
  return found.sort((a, b) => ORDER.indexOf(a.standing) - ORDER.indexOf(b.standing));
}

/**
 * @param {Company} company
 * @returns {DataSet[][]} its troubled data sets, those together that one page of the runbook treats.
 */
function alike(company) {
  /** @type {Map<string, DataSet[]>} */
  const groups = new Map();
  for (const set of company.data_sets.filter(({ standing }) => TROUBLED.includes(standing))) {
    const reason = set.findings[0]?.runbook ?? set.findings[0]?.text;
    const key = `${set.standing} ${reason}`;
    groups.set(key, [...(groups.get(key) ?? []), set]);
  }
  return [...groups.values()];
}

/**
 * @param {Company} company
 * @param {Standing} standing
 * @param {Finding[]} findings
 * @param {string[]} labels of the data sets; none: it is about the company as a whole.
 * @param {string | null} taskUrl
 * @returns {Problem}
 */
function problem(company, standing, findings, labels, taskUrl) {
  const more = labels.length - NAMED_AT_MOST;
  const named = [...labels.slice(0, NAMED_AT_MOST), ...(more > 0 ? [`${more} more`] : [])].join(", ");
  const title = [companyText(company), named].filter(Boolean).join(": ");
  return { key: `${company.division}/${labels[0] ?? ""}`, title, standing, findings, taskUrl };
}

/**
 * Say in how many milliseconds to look again; null: not until the person comes back.
 *
 * @param {{ value: SyncHealth | null, failures: number, isHidden: boolean }} situation
 * @returns {number | null}
 */
export function nextLook({ value, failures, isHidden }) {
  const isBusy = value?.companies.some((company) => company.data_sets.some((set) => set.standing === "running"));
  return pace({ failures, isHidden, isBusy: !!isBusy });
}

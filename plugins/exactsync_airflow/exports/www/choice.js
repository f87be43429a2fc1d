// What is chosen of all payables. The address holds it, so that Back, a reload and a bookmark work; so does the question
// to the server, by the same names.

/** @import {Choice, Exports, Kind, State} from "./types.d.ts" */

import { pace } from "../../accounting_setup/www/working.js";
import { KINDS, STATES } from "./texts.js";

/** @type {Choice} */
export const EVERYTHING = {
  states: [],
  company: "",
  kind: "",
  first: "",
  last: "",
  text: "",
  onlyEdited: false,
  offset: 0,
};

/**
 * Read a choice from the address. What is not understood is left out.
 *
 * @param {URLSearchParams} query
 * @returns {Choice}
 */
export function choiceOf(query) {
  const taken = (/** @type {string} */ name, /** @type {RegExp} */ form) => {
    const given = query.get(name) ?? "";
    return form.test(given) ? given : "";
  };
  const day = (/** @type {string} */ name) => {
    const given = taken(name, /^\d{4}-\d\d-\d\d$/);
    return Number.isNaN(Date.parse(given)) ? "" : given;
  };
  const kind = query.get("kind") ?? "";
  return {
    states: /** @type {State[]} */ (Object.keys(STATES)).filter((state) => query.getAll("state").includes(state)),
    company: taken("company", /^\d{1,9}$/),
    kind: Object.hasOwn(KINDS, kind) ? /** @type {Kind} */ (kind) : "",
    first: day("first"),
    last: day("last"),
    text: (query.get("text") ?? "").slice(0, 200),
    onlyEdited: query.get("edited") === "true",
    offset: Number(taken("offset", /^\d{1,9}$/)),
  };
}

/**
 * Write a choice as a query: the shortest that reads back as the same choice.
 *
 * @param {Choice} choice
 * @returns {URLSearchParams}
 */
export function queryOf({ states, company, kind, first, last, text, onlyEdited, offset }) {
  const query = new URLSearchParams();
  for (const state of states) query.append("state", state);
  for (const [name, value] of Object.entries({ company, kind, first, last, text: text.trim() })) {
    if (value) query.set(name, value);
  }
  if (onlyEdited) query.set("edited", "true");
  if (offset) query.set("offset", String(offset));
  return query;
}

/** @param {Choice} choice @returns {boolean} whether anything is left out, be it only what is on other pages. */
export function isNarrowed(choice) {
  return queryOf(choice).size > 0;
}

/**
 * @param {Choice} choice
 * @param {State} state
 * @returns {Choice} with this state chosen beside the others, or no longer.
 */
export function withState(choice, state) {
  const states = choice.states.includes(state)
    ? choice.states.filter((each) => each !== state)
    : [...choice.states, state];
  return { ...choice, states, offset: 0 };
}

/**
 * Say in how many milliseconds to look again; null: not until the person comes back.
 *
 * @param {{ value: Exports | null, failures: number, isHidden: boolean }} situation
 * @returns {number | null}
 */
export function nextLook({ value, failures, isHidden }) {
  return pace({ failures, isHidden, isBusy: !!value?.totals.some(({ state }) => state === "exporting") });
}

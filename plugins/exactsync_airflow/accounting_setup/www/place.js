// Where in the page a person is. The address holds it, so that Back, a reload and a bookmark work.

/** @import {Connection, Overview, Place, View} from "./types.d.ts" */

/** @type {readonly View[]} */
const WITHOUT_CONNECTION = ["overview", "switch", "connect", "payables", "source", "mapping"];

/** @type {readonly View[]} */
const VIEWS = [...WITHOUT_CONNECTION, "connection", "authorise", "companies", "axes", "history"];

/** @type {readonly View[]} What who may only look is not shown. */
const CHANGING = ["switch", "connect", "source"];

/**
 * Read the place from the address. What is not understood leads to the overview.
 *
 * @param {URLSearchParams} query
 * @returns {Place}
 */
export function placeOf(query) {
  const connection = query.get("connection") || undefined;
  const source = query.get("source") || undefined;
  const asked = VIEWS.find((view) => view === query.get("view")) ?? (connection ? "connection" : "overview");
  const isKnown = connection || (WITHOUT_CONNECTION.includes(asked) && (source || asked !== "mapping"));
  const view = isKnown ? asked : "overview";
  const step = Number.parseInt(query.get("step") ?? "", 10);
  return {
    view,
    ...(connection && !WITHOUT_CONNECTION.includes(view) && { connection }),
    ...(source && ["source", "mapping"].includes(view) && { source }),
    ...(step > 0 && { step }),
    ...(query.has("problem") && { problem: query.get("problem") ?? "" }),
  };
}

/**
 * Write a place as the query of an address: the shortest that reads back as the same place.
 *
 * @param {Place} place
 * @returns {string} with its question mark, or empty.
 */
export function queryOf({ view, connection, source, step, problem }) {
  const query = new URLSearchParams();
  if (connection !== undefined) query.set("connection", connection);
  if (view !== (connection === undefined ? "overview" : "connection")) query.set("view", view);
  if (source !== undefined) query.set("source", source);
  if (step !== undefined) query.set("step", String(step));
  if (problem !== undefined) query.set("problem", problem);
  return query.size ? `?${query}` : "";
}

/**
 * Find the connection a place is about, as the server knows it.
 *
 * @param {Overview} overview
 * @param {Place} place
 * @returns {Connection | undefined}
 */
export function connectionAt(overview, place) {
  return overview.connections.find((each) => each.name === place.connection);
}

/**
 * Decide what to show at a place: who opens a connection that is being set up goes on with the step that is next.
 *
 * @param {Overview} overview
 * @param {Place} place
 * @returns {Place}
 */
export function shownAt(overview, place) {
  if (WITHOUT_CONNECTION.includes(place.view)) {
    const isShown = overview.user.may_act || !CHANGING.includes(place.view);
    return isShown ? place : { ...place, view: "overview" };
  }
  const connection = connectionAt(overview, place);
  if (!connection) return { view: "overview", problem: place.problem ?? "connection_unknown" };
  if (!overview.user.may_act) return { ...place, view: place.view === "history" ? "history" : "connection" };
  if (place.view !== "connection") return place;
  return { ...place, view: NEXT_VIEW[connection.state] ?? "connection" };
}

/** @type {Partial<Record<Connection["state"], View>>} */
const NEXT_VIEW = { awaiting_consent: "authorise", choose_company: "companies" };

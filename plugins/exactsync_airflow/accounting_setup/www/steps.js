// The wizard: which steps there are, which one is next, and what a person may choose in it.

/** @import {App, Axis, Base, Connection, Overview, View} from "./types.d.ts" */

export const STEPS = ["Before you start", "Region", "Name and axes", "Authorise", "Companies", "First sync"];

export const REGIONS = [
  { code: "nl", label: "Netherlands", host: "start.exactonline.nl" },
  { code: "be", label: "Belgium", host: "start.exactonline.be" },
  { code: "fr", label: "France", host: "start.exactonline.fr" },
];

/**
 * What the first three steps collect; from then on the server knows.
 *
 * @typedef {{ region: string, connection_id: string, name: string, axes: string[] }} Draft
 */

/** @type {Readonly<Draft>} */
export const EMPTY_DRAFT = { region: "", connection_id: "", name: "", axes: [] };

/**
 * Tell which step of the wizard a view is, from 1; null where a view is not part of setting up.
 *
 * @param {View} view
 * @param {Connection | undefined} connection
 * @param {number} drafting the step of the view "connect"
 * @returns {number | null}
 */
export function stepOf(view, connection, drafting = 1) {
  if (view === "connect") return drafting;
  if (view === "authorise" && connection?.state === "awaiting_consent") return 4;
  if (view === "companies" && connection?.state === "choose_company") return 5;
  if (view === "connection" && connection?.state === "initial_sync") return 6;
  return null;
}

/**
 * Return the step to show: the one asked for, or the first whose choice is still missing.
 *
 * @param {Draft} draft
 * @param {number | undefined} asked
 * @returns {number} 1 to 3.
 */
export function reachableStep(draft, asked = 1) {
  return Math.min(asked, draft.connection_id ? 3 : asked > 1 ? 2 : 1);
}

/**
 * @param {string} region
 * @returns {string} e.g. "Netherlands", or what the server calls a region that the page does not know.
 */
export function regionLabel(region) {
  return REGIONS.find((each) => each.code === region)?.label ?? region.toUpperCase();
}

/**
 * Return the apps of a region: the ones that can be used, and the ones somebody has to complete first. Of these, some
 * may not tell their region yet.
 *
 * @param {Overview} overview
 * @param {string} region
 * @returns {{ usable: App[], unfinished: App[] }}
 */
export function appsOf(overview, region) {
  return {
    usable: overview.apps.filter((each) => each.is_configured && each.region === region),
    unfinished: overview.apps.filter((each) => !each.is_configured && [region, ""].includes(each.region)),
  };
}

/**
 * Choose a region, and its app where there is no choice.
 *
 * @param {Overview} overview
 * @param {Draft} draft
 * @param {string} region
 * @returns {Draft}
 */
export function withRegion(overview, draft, region) {
  const { usable } = appsOf(overview, region);
  const [only] = usable.length === 1 ? usable : [];
  const names = overview.connections.map((each) => each.name);
  const untouched = !draft.name || draft.name === suggestedName(draft.region, names);
  return {
    ...draft,
    region,
    connection_id: only?.connection_id ?? "",
    name: untouched ? suggestedName(region, names) : draft.name,
  };
}

/**
 * @param {string} region
 * @param {readonly string[]} taken
 * @returns {string} a name that nobody has; empty without a region.
 */
export function suggestedName(region, taken) {
  if (!region) return "";
  const name = `Exact Online ${region.toUpperCase()}`;
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? name : `${name} ${number}`;
    if (!nameProblem(candidate, taken)) return candidate;
  }
}

/** What a name cannot hold, because it means something in an address. */
const FORBIDDEN = ["/", "\\", "?", "#", "%"];

/**
 * Say what is wrong with a name; null if nothing is. The server has the last word.
 *
 * @param {string} name
 * @param {readonly string[]} taken
 * @returns {string | null}
 */
export function nameProblem(name, taken) {
  const wanted = name.trim();
  if (!wanted) return "Give the connection a name.";
  if ([...wanted].length > 60) return "Use at most 60 characters.";
  if (FORBIDDEN.some((each) => wanted.includes(each))) return `A name cannot hold ${FORBIDDEN.join(" ")}.`;
  if (taken.some((each) => each.toLowerCase() === wanted.toLowerCase())) {
    return `There is a connection called ${wanted} already. Choose another name.`;
  }
  return null;
}

/**
 * @param {readonly string[]} chosen
 * @param {readonly Axis[]} axes
 * @returns {string} the axes as a person calls them.
 */
export function axesText(chosen, axes) {
  return (
    axes
      .filter((each) => chosen.includes(each.name))
      .map((each) => each.label)
      .join(", ") || "None"
  );
}

/**
 * What must be true before connecting makes sense, as far as the server can tell.
 *
 * @param {Overview} overview
 * @returns {{ isMet: boolean, text: string }[]}
 */
export function checks({ base, apps, dag }) {
  return [
    base.current === "files"
      ? { isMet: false, text: "The accounting base is Files. Switch to Exact Online first." }
      : { isMet: true, text: "The accounting base lets Exact Online be connected." },
    apps.some((each) => each.is_configured)
      ? { isMet: true, text: "An app for Exact Online is set up in Airflow." }
      : { isMet: false, text: "No app for Exact Online is set up in Airflow yet. The next step says how." },
    dag.is_paused || !dag.is_scheduler_alive
      ? {
          isMet: false,
          text: `Syncs do not run: ${dag.is_paused ? `the DAG ${dag.id} is paused` : "Airflow's scheduler is down"}.`,
        }
      : { isMet: true, text: "Airflow runs the syncs." },
  ];
}

/** @type {Readonly<Record<Base, string>>} */
export const BASE_LABELS = { files: "Files", exact_online: "Exact Online" };

// The way to the server: JSON there and back, and one kind of error that says what to do.

/**
 * @import {Action, Base, CompanyList, Connection, ConnectionDetail, Overview, Problem, Progress} from "./types.d.ts"
 * @import {Draft} from "./steps.js"
 */

const TIMEOUT_MS = 30_000;
const EXACT_TIMEOUT_MS = 120_000; // the server asks Exact Online, which may be slow

/** The server refused, failed or could not be reached. */
export class ApiError extends Error {
  /** @param {Problem} problem */
  constructor(problem) {
    super(problem.message);
    this.name = "ApiError";
    this.problem = problem;
  }
}

/**
 * @param {unknown} error
 * @returns {Problem} what to tell a person of anything that was thrown.
 */
export function problemOf(error) {
  if (error instanceof ApiError) return error.problem;
  const isLate = error instanceof DOMException && error.name === "TimeoutError";
  return {
    message: isLate ? "Airflow did not answer in time." : "Airflow cannot be reached.",
    remedy: "Check your connection and try again.",
    reason: null,
    status: 0,
  };
}

/**
 * Read what a refused request says of itself.
 *
 * @param {number} status
 * @param {unknown} body the JSON of the answer, or undefined where it is none (a proxy's error page).
 * @returns {Problem}
 */
export function refusal(status, body) {
  const error = /** @type {{ error?: Partial<Problem> } | undefined} */ (body)?.error;
  if (typeof error?.message === "string") {
    return { message: error.message, remedy: error.remedy ?? null, reason: error.reason ?? null, status };
  }
  if (status === 401) return { message: "You are no longer logged in.", remedy: "Log in again.", reason: null, status };
  if (status === 403) {
    return {
      message: "You may not do this.",
      remedy: "Ask whoever looks after Airflow to let you edit the DAG exact_online_sync.",
      reason: null,
      status,
    };
  }
  const message = `Airflow answered with an error (HTTP ${status}).`;
  return { message, remedy: "Try again. If it goes on, tell whoever looks after Airflow.", reason: null, status };
}

/**
 * @param {string} path below the page's API.
 * @param {string} [base]
 * @returns {URL} also where Airflow lives under a path prefix.
 */
export function apiUrl(path, base = document.baseURI) {
  return new URL(`exactsync/api/${path}`, base);
}

/**
 * Let only addresses through that a browser may be sent to; no `javascript:`.
 *
 * @param {string} address relative ones are meant from Airflow's own root.
 * @param {string} [base]
 * @returns {string | undefined}
 */
export function safeHref(address, base = document.baseURI) {
  if (!URL.canParse(address, base)) return undefined;
  const url = new URL(address, base);
  return ["http:", "https:"].includes(url.protocol) ? url.href : undefined;
}

/**
 * @template T
 * @param {"GET" | "POST" | "PUT"} method
 * @param {string} path
 * @param {{ body?: object, timeout?: number }} [options]
 * @returns {Promise<T>}
 */
export async function call(method, path, { body = {}, timeout = TIMEOUT_MS } = {}) {
  const isChange = method !== "GET";
  const response = await fetch(apiUrl(path), {
    method,
    credentials: "same-origin",
    headers: { Accept: "application/json", ...(isChange && { "Content-Type": "application/json" }) },
    signal: AbortSignal.timeout(timeout),
    ...(isChange && { body: JSON.stringify(body) }),
  });
  const answer = await response.json().catch(() => undefined);
  if (!response.ok || answer === undefined) throw new ApiError(refusal(response.status, answer));
  return answer;
}

/** @param {string} name */
const connection = (name) => `connections/${encodeURIComponent(name)}`;

/** Everything the page asks of the server about connections; about payables: payables-api.js. */
export const api = {
  /** @returns {Promise<Overview>} */
  overview: () => call("GET", "overview"),
  /** @type {(base: Base) => Promise<Overview>} */
  switchBase: (base) => call("POST", "base", { body: { base } }),
  /** @type {(draft: Draft) => Promise<Connection>} */
  create: ({ name, connection_id, axes }) =>
    call("POST", "connections", { body: { name: name.trim(), connection_id, axes } }),
  /** @type {(name: string) => Promise<ConnectionDetail>} */
  detail: (name) => call("GET", connection(name)),
  /** @type {(name: string) => Promise<{ url: string }>} */
  authorise: (name) => call("POST", `${connection(name)}/authorise`),
  /** @type {(name: string, reload: boolean) => Promise<CompanyList>} */
  companies: (name, reload) =>
    call("GET", `${connection(name)}/companies${reload ? "?reload=true" : ""}`, { timeout: EXACT_TIMEOUT_MS }),
  /** @type {(name: string, divisions: number[]) => Promise<Connection>} */
  chooseCompanies: (name, divisions) =>
    call("PUT", `${connection(name)}/companies`, { body: { divisions }, timeout: EXACT_TIMEOUT_MS }),
  /** @type {(name: string, axes: string[]) => Promise<Connection>} */
  chooseAxes: (name, axes) => call("PUT", `${connection(name)}/axes`, { body: { axes } }),
  /** @type {(name: string, action: Extract<Action, "pause" | "resume" | "disconnect" | "sync">) => Promise<Connection>} */
  act: (name, action) => call("POST", `${connection(name)}/${action}`),
  /** @type {(name: string) => Promise<Overview>} */
  remove: (name) => call("POST", `${connection(name)}/remove`),
  /** @type {(name: string) => Promise<Progress>} */
  progress: (name) => call("GET", `${connection(name)}/progress`),
};

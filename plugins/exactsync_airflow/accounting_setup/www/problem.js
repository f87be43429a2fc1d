// How the page tells what went wrong, and that one may only look.

/** @import {Overview, Problem} from "./types.d.ts" */

import { InLink, Notice, OutLink, Paragraph, h } from "./components.js";
import { Press } from "./controls.js";

/**
 * @param {{ problem: Problem | null, onRetry?: () => void }} props
 *   onRetry: where asking again may help.
 */
export function ProblemNotice({ problem, onRetry }) {
  if (!problem) return null;
  return h(
    Notice,
    { kind: "error", title: problem.message },
    problem.remedy && h(Paragraph, null, problem.remedy),
    problem.status === 401 && h(OutLink, { href: loginHref() }, "Log in"),
    onRetry && h(Press, { onPress: onRetry }, "Try again"),
  );
}

function loginHref() {
  const next = new URLSearchParams({ next: globalThis.location.href });
  return `api/v2/auth/login?${next}`;
}

/** @param {{ overview: Pick<Overview, "dag"> }} props */
export function LookOnly({ overview }) {
  return h(
    Notice,
    { kind: "info", title: "You can look, but not change anything here." },
    h(
      Paragraph,
      null,
      `Changes are for those who may edit the DAG ${overview.dag.id}. Ask whoever gives out roles in your Airflow.`,
    ),
  );
}

/** @param {{ overview: Pick<Overview, "base" | "dag"> & { user?: Overview["user"] } }} props Why nothing is synced at the moment, whatever the state of a connection. */
export function NotRunning({ overview: { base, dag, user } }) {
  return [
    base.current === "files" &&
      h(
        Notice,
        { key: "files", kind: "info", title: "The accounting base is Files: nothing is synced." },
        user?.may_act && h(InLink, { place: { view: "switch" } }, "Switch integration"),
      ),
    dag.is_paused &&
      h(
        Notice,
        { key: "paused", kind: "warning", title: "Syncs are switched off in Airflow." },
        h(
          Paragraph,
          null,
          "Nothing is read until somebody unpauses the DAG ",
          h(OutLink, { href: dag.url }, dag.id),
          ".",
        ),
      ),
    !dag.is_scheduler_alive &&
      h(
        Notice,
        { key: "scheduler", kind: "warning", title: "Airflow's scheduler does not run: nothing is synced." },
        h(Paragraph, null, "Whoever looks after Airflow has to start it."),
      ),
  ];
}

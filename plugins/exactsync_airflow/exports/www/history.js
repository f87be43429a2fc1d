// More about a payable, for who asks for it: what it goes by, and who did what with it, when and why.

/** @import {History, Payable, Step} from "./types.d.ts" */

import { call, safeHref } from "../../accounting_setup/www/api.js";
import { Moment } from "../../accounting_setup/www/moment.js";
import { ProblemNotice } from "../../accounting_setup/www/problem.js";
import { usePolling } from "../../accounting_setup/www/working.js";
import { STATES } from "./texts.js";

const { createElement: h, useState } = globalThis.React;

/** @param {{ payable: Payable, now: string }} props */
export function Details({ payable, now }) {
  const [isOpen, setOpen] = useState(false);
  const onToggle = (/** @type {{ target: HTMLDetailsElement }} */ event) => setOpen(event.target.open);
  return h(
    "details",
    { onToggle },
    h("summary", { "aria-label": `More: ${payable.counterparty}, ${payable.reference}` }, "More"),
    isOpen && [h(Facts, { key: "facts", payable }), h(Steps, { key: "steps", payable, now })],
  );
}

/** @param {{ payable: Payable }} props */
function Facts({ payable }) {
  const facts = /** @type {const} */ ([
    ["Our reference", payable.reference],
    ["Where it comes from", `${payable.source}: ${payable.id}`],
    ["Attempts to export it", String(payable.attempts)],
    ["At Exact Online", payable.entry_id],
  ]);
  return h(
    "dl",
    null,
    facts
      .filter(([, value]) => value)
      .map(([name, value]) => h("div", { key: name }, h("dt", null, name), h("dd", null, value))),
  );
}

/** @param {{ payable: Payable, now: string }} props */
function Steps({ payable, now }) {
  const query = new URLSearchParams({ source: payable.source, id: payable.id });
  const { value, problem, look } = usePolling(
    () => /** @type {Promise<History>} */ (call("GET", `exports/history?${query}`)),
    () => null,
    `${query} ${payable.updated_at}`,
  );
  if (problem) return h(ProblemNotice, { problem, onRetry: () => void look() });
  if (!value) return h("p", { role: "status" }, "Loading what has become of it …");
  return h(
    "ol",
    { "aria-label": "What has become of it, the newest first" },
    value.steps.map((step, index) => h("li", { key: index }, h(StepText, { step, now }))),
  );
}

/** @param {{ step: Step, now: string }} props */
function StepText({ step: { at, from_state: from, to_state: to, why, by, task_url: taskUrl }, now }) {
  const states = from && from !== to ? `${STATES[from].label} → ${STATES[to].label}` : STATES[to].label;
  return [
    h("strong", { key: "states" }, states),
    h("div", { key: "why" }, why),
    h(
      "small",
      { key: "who" },
      h(Moment, { at, now, isInline: true }),
      ", by ",
      by ?? h("a", { href: safeHref(taskUrl ?? "") }, "a task of Airflow"),
    ),
  ];
}

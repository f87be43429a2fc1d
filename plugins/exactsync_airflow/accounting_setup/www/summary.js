// A connection at a glance: its state in words, and the facts about it.

/** @import {Connection, Overview} from "./types.d.ts" */

import { Bullets, Facts, Mark, Muted, Notice, Paragraph, h } from "./components.js";
import { companyText } from "./choice.js";
import { Moment } from "./moment.js";
import { axesText, regionLabel } from "./steps.js";
import { STATES } from "./texts.js";
import { keptText, lapseText } from "./times.js";

const SHOWN_COMPANIES = 3;
const LISTED_COMPANIES = 10;

/** @param {{ connection: Connection }} props */
export function StateMark({ connection }) {
  return h(Mark, { palette: STATES[connection.state].palette }, connection.state_label);
}

/** @param {{ connection: Connection }} props What the state means, and the way out where there is need of one. */
export function StateText({ connection }) {
  const { state, reason_text: reason, remedy } = connection;
  const troubled = connection.companies.filter((each) => each.problem);
  return [
    reason || remedy
      ? h(
          Notice,
          {
            key: "state",
            kind: state === "reconnect_needed" ? "error" : "warning",
            title: reason ?? STATES[state].meaning,
          },
          remedy && h(Paragraph, null, remedy),
          connection.is_paused &&
            h(Paragraph, null, "It was paused before, and stays paused until somebody resumes it."),
        )
      : h(Paragraph, { key: "state", isMuted: true }, STATES[state].meaning),
    troubled.length > 0 &&
      h(
        Notice,
        { key: "companies", kind: "warning", title: "Some companies cannot be synced. The others go on." },
        h(Bullets, { items: troubled.map((each) => `${companyText(each)}: ${each.problem}`) }),
      ),
  ];
}

/** @param {{ connection: Connection, overview: Overview, isFull?: boolean }} props isFull: all that there is to know. */
export function ConnectionFacts({ connection, overview, isFull = false }) {
  const { now } = overview;
  const lapse = lapseText(connection.lapses_in_days);
  return h(Facts, {
    facts: [
      ["Region", regionLabel(connection.region)],
      ["Companies", h(Companies, { connection, isFull })],
      ["Axes", axesText(connection.axes, overview.axes)],
      ["Authorised", h(Authorised, { connection, now })],
      ["Last sync", h(Moment, { at: connection.last_sync_at, now })],
      ["Next run", h(Moment, { at: connection.next_run_at, now, none: "Not planned" })],
      lapse !== null && [
        "Authorisation lapses if unused",
        [lapse, h(Muted, { key: "kept" }, keptText(connection.lapses_in_days))],
      ],
      connection.shares_grant_with.length > 0 && [
        "Shares its login with",
        [
          connection.shares_grant_with.join(", "),
          h(
            Muted,
            { key: "why" },
            "One login of a user serves all: a second one would end the first. Reconnecting one of them reconnects all.",
          ),
        ],
      ],
      isFull && ["Airflow connection", connection.connection_id],
    ],
  });
}

/** @param {{ connection: Connection, now: string }} props */
function Authorised({ connection: { state, authorised_at: at, authorised_by: by }, now }) {
  if (state === "disconnected") return "No longer";
  if (!at) return "Not yet";
  return [by && `by ${by}`, h(Muted, { key: "at" }, h(Moment, { at, now, isInline: true }))];
}

/** @param {{ connection: Connection, isFull: boolean }} props */
function Companies({ connection, isFull }) {
  const { companies } = connection;
  const shown = companies.slice(0, isFull ? LISTED_COMPANIES : SHOWN_COMPANIES);
  const more = companies.length - shown.length;
  if (!companies.length) return "None chosen yet";
  return [
    ...shown.map((each) => h("div", { key: each.division }, companyText(each))),
    more > 0 && h(Muted, { key: "more" }, `and ${more} more`),
  ];
}

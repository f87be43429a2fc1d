// The history of a connection: what happened, when, why and by whom.

/** @import {JournalEntry, Overview, ViewProps} from "./types.d.ts" */

import { api } from "./api.js";
import { Column, Lines, Muted, Panel, Paragraph, Row, Strong, ViewHeading, Waiting, h } from "./components.js";
import { Guide } from "./guide.js";
import { Moment } from "./moment.js";
import { connectionAt } from "./place.js";
import { ProblemNotice } from "./problem.js";
import { EVENTS, STATE_LABELS } from "./texts.js";
import { usePolling } from "./working.js";

/** @param {ViewProps} props */
export function HistoryView({ overview, place }) {
  const connection = connectionAt(overview, place);
  const name = connection?.name ?? "";
  const { value, problem, look } = usePolling(
    () => api.detail(name),
    () => null,
    name,
  );
  return h(
    Column,
    { gap: 5 },
    h(Guide, { view: "history", connection }),
    h(ViewHeading, null, `History of ${name}`),
    h(ProblemNotice, { problem, onRetry: () => void look() }),
    !value && !problem && h(Waiting, null, "Loading the history …"),
    value &&
      h(
        Panel,
        { label: "History" },
        h(Lines, { rows: value.journal.map((entry, index) => ({ key: index, row: h(Entry, { entry, overview }) })) }),
        !value.journal.length && h(Paragraph, { isMuted: true }, "Nothing has happened yet."),
      ),
  );
}

/** @param {{ entry: JournalEntry, overview: Overview }} props */
function Entry({ entry, overview }) {
  const { at, event, from_state: from, to_state: to, message, by } = entry;
  return h(
    Column,
    { gap: 1 },
    h(
      Row,
      { justify: "space-between" },
      h(Strong, null, EVENTS[event] ?? event),
      h(Muted, null, h(Moment, { at, now: overview.now, isInline: true })),
    ),
    message && h(Paragraph, null, message),
    h(Muted, null, from === to ? `By ${by}` : `${label(from)} → ${label(to)}, by ${by}`),
  );
}

/** @param {string} state */
function label(state) {
  return STATE_LABELS[state] ?? state;
}

// One connection: its state, its facts, and the accounting data as it comes in.

/** @import {Counts, Group} from "./progress.js" */
/** @import {DataSet, ViewProps} from "./types.d.ts" */

import { Actions } from "./actions.js";
import { api } from "./api.js";
import {
  Bar,
  Column,
  DataTable,
  InLink,
  Mark,
  More,
  Muted,
  OutLink,
  Panel,
  Paragraph,
  Row,
  SectionHeading,
  ViewHeading,
  Waiting,
  h,
} from "./components.js";
import { Guide } from "./guide.js";
import { connectionAt } from "./place.js";
import { NotRunning, ProblemNotice } from "./problem.js";
import {
  byCompany,
  counted,
  isFollowed,
  newsText,
  nextLook,
  restText,
  rowsText,
  runText,
  summaryText,
} from "./progress.js";
import { stepOf } from "./steps.js";
import { ConnectionFacts, StateMark, StateText } from "./summary.js";
import { LOAD_STATES } from "./texts.js";
import { usePolling } from "./working.js";

const { useEffect, useRef } = globalThis.React;

/** @param {ViewProps} props */
export function ConnectionView({ overview, place, go, changed, reload, announce }) {
  const connection = connectionAt(overview, place);
  const name = connection?.name ?? "";
  const {
    value: progress,
    problem,
    look,
  } = usePolling(
    () => api.progress(name),
    ({ value, ...rest }) => nextLook({ progress: value, ...rest }),
    name,
  );
  const counts = counted(progress?.entities ?? []);
  const before = useRef(/** @type {Counts | null} */ (null));
  useEffect(() => {
    if (!progress) return;
    const news = newsText(before.current, counts);
    if (before.current && news) announce(news);
    before.current = counts;
  }, [progress]);
  const stateNow = progress?.state;
  useEffect(() => {
    if (stateNow && stateNow !== connection?.state) void reload();
  }, [stateNow]);
  if (!connection) return null;
  const step = stepOf("connection", connection);
  return h(
    Column,
    { gap: 5 },
    h(Guide, { view: "connection", connection }),
    h(Row, null, h(ViewHeading, null, name), h(StateMark, { connection })),
    h(NotRunning, { overview }),
    h(StateText, { connection }),
    overview.user.may_act && h(Actions, { connection, go, changed, announce, onStarted: () => void look() }),
    h(
      Panel,
      { label: "Accounting data" },
      h(
        Row,
        { justify: "space-between" },
        h(SectionHeading, null, "Accounting data"),
        progress?.run && h(OutLink, { href: progress.run.url }, runText(progress.run)),
      ),
      h(ProblemNotice, { problem, onRetry: () => void look() }),
      !progress && !problem && h(Waiting, null, "Looking at the data …"),
      progress && h(Paragraph, null, isFollowed(connection) ? summaryText(counts) : restText(counts)),
      counts.total > 0 &&
        isFollowed(connection) &&
        h(Bar, { label: "Data sets done", done: counts.done, total: counts.total }),
      progress && h(Companies, { groups: byCompany(progress.entities) }),
    ),
    h(
      Panel,
      { label: "Settings" },
      h(SectionHeading, null, "Settings"),
      h(ConnectionFacts, { connection, overview, isFull: true }),
    ),
    h(
      Row,
      null,
      step && h(InLink, { place: { view: "overview" } }, "All connections"),
      h(InLink, { place: { view: "history", connection: name } }, "History"),
    ),
  );
}

const FEW = 3;

/** @param {{ groups: Group[] }} props */
function Companies({ groups }) {
  return groups.map(({ division, name, sets, counts }) =>
    h(
      More,
      {
        key: division,
        isOpen: groups.length <= FEW || counts.failed > 0,
        summary: [`${division} · ${name}`, h(Muted, { key: "counts" }, summaryText(counts))],
      },
      h(DataTable, {
        label: `Data of ${name}`,
        columns: ["Data", "State", "Rows"],
        rows: sets.map((set) => ({
          key: set.entity,
          cells: [set.label, h(LoadMark, { set }), rowsText(set)],
          note: (set.message || set.state === "failed") && h(LoadNote, { set }),
        })),
      }),
    ),
  );
}

/** @param {{ set: DataSet }} props What went wrong, and where to read on. */
function LoadNote({ set }) {
  return h(
    Column,
    { gap: 1 },
    set.message && h(Muted, null, set.message),
    set.log_url && h(OutLink, { href: set.log_url, isNewTab: true }, `Log of ${set.label}, ${set.division_name}`),
  );
}

/** @param {{ set: DataSet }} props */
function LoadMark({ set }) {
  const { palette, label } = LOAD_STATES[set.state];
  return h(Mark, { palette }, label);
}

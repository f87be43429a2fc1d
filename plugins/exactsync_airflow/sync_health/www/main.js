// The page Sync health: asks the server again and again, and shows what is chosen of the answer.

/** @import {Choice, Company, Connection, SyncHealth} from "./types.d.ts" */

import { call } from "../../accounting_setup/www/api.js";
import {
  Announcement,
  Bullets,
  Column,
  Mark,
  Muted,
  Notice,
  OutLink,
  Page,
  Panel,
  Paragraph,
  Row,
  SectionHeading,
  Strong,
  ViewHeading,
  Waiting,
} from "../../accounting_setup/www/components.js";
import { Press } from "../../accounting_setup/www/controls.js";
import { Moment } from "../../accounting_setup/www/moment.js";
import { NotRunning, ProblemNotice } from "../../accounting_setup/www/problem.js";
import { countText } from "../../accounting_setup/www/words.js";
import { usePolling } from "../../accounting_setup/www/working.js";
import { Calls } from "./calls.js";
import { Changes, byDay } from "./changes.js";
import { Filters } from "./filters.js";
import { Grid } from "./grid.js";
import {
  STANDINGS,
  choiceOf,
  chosen,
  columnsOf,
  nextLook,
  notesOf,
  problemsOf,
  queryOf,
  summaryText,
} from "./standing.js";

const { createElement: h, useState } = globalThis.React;
const { useSearchParams } = globalThis.ReactRouterDOM;

const AT_A_TIME = 50;
const NAMED_AT_MOST = 10;

/** @type {() => Promise<SyncHealth>} */
const load = () => call("GET", "sync-health");

function SyncHealthPage() {
  const [query, setQuery] = useSearchParams();
  const { value: health, problem, look } = usePolling(load, nextLook, null);
  const choose = (/** @type {Choice} */ choice) => setQuery(queryOf(choice), { replace: true });
  return h(
    Page,
    { isWide: true },
    h(
      Column,
      { gap: 5 },
      h(ViewHeading, null, "Sync health"),
      h(ProblemNotice, { problem, onRetry: () => void look() }),
      !health && !problem && h(Waiting, null, "Looking at the data …"),
      health && h(Health, { health, choice: choiceOf(query), choose }),
    ),
  );
}

/** @param {{ health: SyncHealth, choice: Choice, choose: (choice: Choice) => void }} props */
function Health({ health, choice, choose }) {
  const [most, setMost] = useState(AT_A_TIME);
  if (!health.companies.length) return h(Nothing, { health });
  const companies = chosen(health.companies, choice);
  const shown = companies.slice(0, most);
  const rest = companies.length - shown.length;
  const columns = columnsOf(companies, health.entities.length, choice.onlyProblems);
  return [
    h(Announcement, { key: "said", text: summaryText(companies) }),
    h(NotRunning, { key: "off", overview: health }),
    h(Troubles, { key: "troubles", health, choice }),
    h(Filters, { key: "filters", choice, connections: health.connections, choose }),
    h(
      Panel,
      { key: "grid", label: "Data sets" },
      h(SectionHeading, null, "Data sets"),
      h(Paragraph, null, `${summaryText(companies)}.`),
      h(Muted, null, "As of ", h(Moment, { at: health.now, now: health.now, isInline: true }), "."),
      shown.length > 0 && h(Grid, { companies: shown, entities: health.entities, columns, now: health.now }),
      rest > 0 && h(Press, { onPress: () => setMost(most + AT_A_TIME) }, `Show more companies: ${rest} are left`),
      h(Legend, { companies }),
      h(
        Column,
        { gap: 1 },
        notesOf(companies).map((note) => h(Muted, { key: note }, note)),
      ),
    ),
    h(
      Panel,
      { key: "problems", label: "Problems" },
      h(SectionHeading, null, "Problems"),
      h(Problems, { health, companies }),
    ),
    h(
      Panel,
      { key: "changes", label: "Rows changed" },
      h(SectionHeading, null, "Rows changed, by day"),
      h(Changes, { days: byDay(health, companies) }),
    ),
    shown.length > 0 &&
      h(
        Panel,
        { key: "calls", label: "Calls" },
        h(SectionHeading, null, "Calls to Exact Online"),
        h(
          Muted,
          null,
          "Filled: used. Hatched: kept for exports and Accounting setup. The upright line: how much of the day is over.",
        ),
        h(Calls, { companies: shown, now: health.now }),
      ),
  ];
}

/** @param {{ health: SyncHealth }} props */
function Nothing({ health }) {
  return [
    h(NotRunning, { key: "off", overview: health }),
    h(
      Panel,
      { key: "empty", label: "Nothing to show yet" },
      h(SectionHeading, null, "Nothing to show yet"),
      h(Bullets, {
        items: [
          [
            health.connections.length
              ? "No company is chosen yet. Choose some on the page "
              : "Connect Exact Online on the page ",
            h(OutLink, { key: "setup", href: health.setup_url }, "Accounting setup"),
            ".",
          ],
          "From then on, this page shows how each company's data stands, how many calls are used, and what changes.",
        ],
      }),
    ),
  ];
}

/** @param {{ health: SyncHealth, choice: Choice }} props The connections that are not all fine. */
function Troubles({ health, choice }) {
  const concerned = health.connections.filter(
    ({ name, reason_text: reason }) => reason && (!choice.connection || name === choice.connection),
  );
  return concerned.map((each) => h(Trouble, { key: each.name, connection: each, setupUrl: health.setup_url }));
}

/** @param {{ connection: Connection, setupUrl: string }} props */
function Trouble({ connection: { name, state, state_label: label, reason_text: reason, remedy }, setupUrl }) {
  const query = new URLSearchParams({ connection: name });
  return h(
    Notice,
    { kind: state === "reconnect_needed" ? "error" : "warning", title: `${name}: ${label.toLowerCase()}` },
    h(Paragraph, null, reason),
    remedy && h(Paragraph, null, remedy),
    h(OutLink, { href: `${setupUrl}?${query}` }, `${name} in Accounting setup`),
  );
}

/** @param {{ companies: Company[] }} props What the words in the grid mean, as far as they stand there. */
function Legend({ companies }) {
  const there = new Set(companies.flatMap((company) => company.data_sets.map((set) => set.standing)));
  const known = Object.entries(STANDINGS).filter(([standing]) => [...there].some((each) => each === standing));
  return h(
    Row,
    null,
    known.map(([standing, { label, sign, palette, meaning }]) =>
      h(Muted, { key: standing }, h(Mark, { palette }, `${sign} ${label}`), ` ${meaning}`),
    ),
  );
}

/** @param {{ health: SyncHealth, companies: Company[] }} props */
function Problems({ health, companies }) {
  const [most, setMost] = useState(NAMED_AT_MOST);
  const problems = problemsOf(health, companies);
  const rest = problems.length - most;
  if (!problems.length) return h(Paragraph, { isMuted: true }, "None.");
  return [
    ...problems.slice(0, most).map(({ key, title, standing, findings, taskUrl }) =>
      h(
        Column,
        { key, gap: 1 },
        h(
          Row,
          null,
          h(Mark, { palette: STANDINGS[standing].palette }, `${STANDINGS[standing].sign} ${STANDINGS[standing].label}`),
          taskUrl ? h(OutLink, { href: taskUrl }, title) : h(Strong, null, title),
        ),
        findings.map(({ text, runbook }, index) => [
          h(Paragraph, { key: index }, text),
          runbook && h(Muted, { key: `${index}+` }, `Runbook: ${runbook}`),
        ]),
      ),
    ),
    rest > 0 &&
      h(
        Press,
        { key: "more", onPress: () => setMost(most + NAMED_AT_MOST) },
        `Show ${countText(rest, "more problem")}`,
      ),
  ];
}

globalThis.AirflowPlugin = SyncHealthPage;

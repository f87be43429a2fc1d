// The page Exports: asks the server for what is chosen, again and again, and shows the answer.

/** @import {Ref} from "../../accounting_setup/www/airflow.d.ts" */
/** @import {Choice, Exports} from "./types.d.ts" */
/** @import {Asked} from "./decision.js" */

import { call } from "../../accounting_setup/www/api.js";
import {
  Announcement,
  Bullets,
  Column,
  Muted,
  Notice,
  OutLink,
  Page,
  Panel,
  Paragraph,
  Row,
  SectionHeading,
  ViewHeading,
  Waiting,
} from "../../accounting_setup/www/components.js";
import { Press } from "../../accounting_setup/www/controls.js";
import { Moment } from "../../accounting_setup/www/moment.js";
import { LookOnly, ProblemNotice } from "../../accounting_setup/www/problem.js";
import { countText, numberText } from "../../accounting_setup/www/words.js";
import { usePolling } from "../../accounting_setup/www/working.js";
import { EVERYTHING, choiceOf, isNarrowed, nextLook, queryOf } from "./choice.js";
import { Decision } from "./decision.js";
import { Filters } from "./filters.js";
import { List } from "./list.js";
import { Totals } from "./totals.js";

const { createElement: h, useRef, useState } = globalThis.React;
const { useSearchParams } = globalThis.ReactRouterDOM;

function ExportsPage() {
  const [query, setQuery] = useSearchParams();
  const choice = choiceOf(query);
  const asked = queryOf(choice).toString();
  const { value, problem, look } = usePolling(
    () => /** @type {Promise<Exports>} */ (call("GET", asked ? `exports?${asked}` : "exports")),
    nextLook,
    asked,
  );
  const latest = useRef(/** @type {Exports | null} */ (null)); // stays until the answer to another question is there
  latest.current = value ?? latest.current;
  const shown = latest.current;
  const choose = (/** @type {Choice} */ next) => setQuery(queryOf(next), { replace: next.offset === choice.offset });
  return h(
    Page,
    { isWide: true },
    h(
      Column,
      { gap: 5 },
      h(ViewHeading, null, "Exports"),
      h(ProblemNotice, { problem, onRetry: () => void look() }),
      !shown && !problem && h(Waiting, null, "Looking at the payables …"),
      shown && h(Shown, { exports: shown, choice, choose, look }),
    ),
  );
}

/** @param {{ exports: Exports, choice: Choice, choose: (choice: Choice) => void, look: () => Promise<void> }} props */
function Shown({ exports, choice, choose, look }) {
  const { user, dag, edited, totals, companies } = exports;
  if (!totals.length && !isNarrowed(choice)) return h(Nothing, { exports });
  return [
    h(NotRunning, { key: "off", exports }),
    !user.may_act && h(LookOnly, { key: "look", overview: { dag } }),
    edited > 0 &&
      !choice.onlyEdited &&
      h(
        Notice,
        {
          key: "edited",
          kind: "warning",
          title: `${countText(edited, "payable was", "payables were")} edited too late.`,
        },
        h(Paragraph, null, "After the export, or during it: what is booked at Exact Online may no longer be right."),
        h(Press, { onPress: () => choose({ ...EVERYTHING, onlyEdited: true }) }, "Show"),
      ),
    h(Filters, { key: "filters", choice, companies, choose }),
    totals.length > 0 &&
      h(
        Panel,
        { key: "totals", label: "By state" },
        h(SectionHeading, null, "By state"),
        h(Muted, null, "Press a state to see only its payables."),
        h(Totals, { totals, choice, choose }),
      ),
    h(Payables, { key: "payables", exports, choice, choose, look }),
  ];
}

/** @param {{ exports: Exports, choice: Choice, choose: (choice: Choice) => void, look: () => Promise<void> }} props */
function Payables({ exports, choice, choose, look }) {
  const { found, offset, payables, companies, now, user, dag } = exports;
  const [asked, ask] = useState(/** @type {Asked | null} */ (null));
  const [said, say] = useState("");
  const pressed = /** @type {Ref<HTMLElement | null>} */ (useRef(null));
  const summary = payables.length
    ? `${numberText(offset + 1)} to ${numberText(offset + payables.length)} of ${countText(found, "payable")}`
    : countText(found, "payable");
  return h(
    Panel,
    { label: "Payables" },
    h(SectionHeading, null, "Payables"),
    h(Announcement, { text: said || summary }),
    h(
      Row,
      { justify: "space-between" },
      h(Muted, null, `${summary}, as of `, h(Moment, { at: now, now, isInline: true }), "."),
      h(OutLink, { href: dag.url }, "Start an export in Airflow"),
    ),
    h(List, {
      payables,
      companies,
      now,
      mayAct: user.may_act,
      ask: (payable, action) => {
        pressed.current = /** @type {HTMLElement | null} */ (document.activeElement);
        ask({ payable, action });
      },
    }),
    h(Pages, { exports, choice, choose }),
    h(Decision, {
      asked,
      returnTo: pressed,
      onDone: (news) => {
        ask(null);
        say(news);
        void look();
      },
      onNo: () => ask(null),
    }),
  );
}

/** @param {{ exports: Exports, choice: Choice, choose: (choice: Choice) => void }} props The way to the other payables. */
function Pages({ exports: { found, offset, page_size: size, payables }, choice, choose }) {
  const go = (/** @type {number} */ to) => choose({ ...choice, offset: Math.max(0, to) });
  if (found <= size && payables.length) return null;
  return h(
    Row,
    null,
    !payables.length && isNarrowed(choice) && h(Press, { onPress: () => choose(EVERYTHING) }, "Show everything"),
    offset > 0 && payables.length > 0 && h(Press, { onPress: () => go(offset - size) }, "Previous"),
    offset + size < found && h(Press, { onPress: () => go(offset + size) }, "Next"),
  );
}

/** @param {{ exports: Exports }} props Why nothing is exported at the moment, whatever the state of a payable. */
function NotRunning({ exports: { dag } }) {
  return [
    dag.is_paused &&
      h(
        Notice,
        { key: "paused", kind: "warning", title: "Exports are switched off in Airflow." },
        h(
          Paragraph,
          null,
          "Nothing is exported until somebody unpauses the DAG ",
          h(OutLink, { href: dag.url }, dag.id),
          ".",
        ),
      ),
    !dag.is_scheduler_alive &&
      h(
        Notice,
        { key: "scheduler", kind: "warning", title: "Airflow's scheduler does not run: nothing is exported." },
        h(Paragraph, null, "Whoever looks after Airflow has to start it."),
      ),
  ];
}

/** @param {{ exports: Exports }} props */
function Nothing({ exports: { has_sources: hasSources, setup_url: setupUrl, dag } }) {
  return h(
    Panel,
    { label: "Nothing to export yet" },
    h(SectionHeading, null, "Nothing to export yet"),
    h(Bullets, {
      isOrdered: true,
      items: [
        [
          hasSources
            ? "Where payables come from is set up, on the page "
            : "Say where payables come from, and how they are booked, on the page ",
          h(OutLink, { key: "setup", href: setupUrl }, "Accounting setup"),
          ".",
        ],
        "Let Airflow fetch them: switch on the DAG that reads your spend platform, or drop files where they are looked for.",
        [
          "They appear here, checked. The DAG ",
          h(OutLink, { key: "dag", href: dag.url }, dag.id),
          " exports those that pass.",
        ],
      ],
    }),
  );
}

globalThis.AirflowPlugin = ExportsPage;

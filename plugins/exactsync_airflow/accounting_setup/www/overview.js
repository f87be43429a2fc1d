// The overview: the accounting base, and every connection with what can be done about it.

/** @import {Connection, Overview, Place, ViewProps} from "./types.d.ts" */

import { Actions } from "./actions.js";
import { Bullets, Column, InLink, Mark, Muted, Panel, Row, SectionHeading, ViewHeading, h } from "./components.js";
import { Press } from "./controls.js";
import { Moment } from "./moment.js";
import { LookOnly, NotRunning } from "./problem.js";
import { ConnectionFacts, StateMark, StateText } from "./summary.js";
import { BASES } from "./texts.js";

const { useEffect, useRef } = globalThis.React;

/** @param {ViewProps} props */
export function OverviewView(props) {
  const { overview, go } = props;
  const mayAct = overview.user.may_act;
  const count = overview.connections.length;
  const before = useRef(count);
  useEffect(() => {
    // one that was removed has taken the focus along
    if (count < before.current && document.activeElement === document.body) {
      /** @type {HTMLElement | null} */ (document.querySelector("main h1"))?.focus();
    }
    before.current = count;
  }, [count]);
  const mayConnect = mayAct && overview.base.current !== "files";
  return h(
    Column,
    { gap: 5 },
    h(
      Row,
      { justify: "space-between" },
      h(ViewHeading, null, "Accounting setup"),
      mayConnect &&
        h(
          Press,
          { onPress: () => go({ view: "connect" }), isMain: overview.base.current !== null },
          "Connect Exact Online",
        ),
    ),
    !mayAct && h(LookOnly, { overview }),
    h(NotRunning, { overview }),
    h(BasePanel, { overview, go }),
    overview.connections.length ? h(Connections, props) : h(EmptyState, { overview }),
    overview.base.current !== null && h(PayablesPanel, null),
  );
}

/** @param {{ overview: Overview, go: (place: Place) => void }} props */
function BasePanel({ overview, go }) {
  const { base, now } = overview;
  return h(
    Panel,
    { label: "Accounting base" },
    h(
      Row,
      { justify: "space-between" },
      h(
        "div",
        null,
        h(
          Row,
          null,
          h(SectionHeading, null, "Accounting base"),
          h(
            Mark,
            { palette: base.current ? "info" : "none" },
            base.current ? BASES[base.current].label : "Not chosen yet",
          ),
        ),
        h(Muted, null, base.current ? BASES[base.current].meaning : "Choose where your accounting data comes from."),
        base.since &&
          h(Muted, null, base.by && `Chosen by ${base.by}, `, h(Moment, { at: base.since, now, isInline: true })),
      ),
      overview.user.may_act &&
        h(Press, { onPress: () => go({ view: "switch" }), isMain: base.current === null }, "Switch integration"),
    ),
  );
}

/** The way to the other direction. */
function PayablesPanel() {
  return h(
    Panel,
    { label: "Payables" },
    h(SectionHeading, null, h(InLink, { place: { view: "payables" } }, "Payables")),
    h(Muted, null, "Where approved expenses go, and what their suppliers, accounts and VAT codes are called there."),
  );
}

/** @param {{ overview: Overview }} props */
function EmptyState({ overview }) {
  return h(
    Panel,
    { label: "Connections" },
    h(SectionHeading, null, "No connection yet"),
    h(Bullets, {
      isOrdered: true,
      items: [
        overview.base.current === "exact_online"
          ? "The accounting base is Exact Online: done."
          : "Switch the accounting base to Exact Online.",
        "Connect Exact Online: log in there once and choose your companies.",
        "Watch the first sync. From then on, syncs run by themselves.",
      ],
    }),
  );
}

/** @param {ViewProps} props */
function Connections(props) {
  return h(
    Column,
    { gap: 4 },
    props.overview.connections.map((connection) => h(ConnectionPanel, { ...props, key: connection.name, connection })),
  );
}

/** @param {ViewProps & { connection: Connection }} props */
function ConnectionPanel({ connection, overview, go, changed, announce }) {
  return h(
    Panel,
    {
      label: connection.name,
      header: h(
        Row,
        null,
        h(
          SectionHeading,
          null,
          h(InLink, { place: { view: "connection", connection: connection.name } }, connection.name),
        ),
        h(StateMark, { connection }),
      ),
      footer:
        overview.user.may_act && connection.actions.length > 0 && h(Actions, { connection, go, changed, announce }),
    },
    h(StateText, { connection }),
    h(ConnectionFacts, { connection, overview }),
  );
}

// Switch integration: choose the accounting base, read what it means, switch.

/** @import {Base, Overview, ViewProps} from "./types.d.ts" */

import { api } from "./api.js";
import { Bullets, Column, More, Muted, Paragraph, Panel, Row, SectionHeading, ViewHeading, h } from "./components.js";
import { OneOf, Press } from "./controls.js";
import { Moment } from "./moment.js";
import { ProblemNotice } from "./problem.js";
import { BASES, CONSEQUENCES, DUTIES } from "./texts.js";
import { useWork } from "./working.js";

const { useState } = globalThis.React;

/** @type {readonly Base[]} */
const CHOICES = ["exact_online", "files"];

/** @param {ViewProps} props */
export function SwitchView(props) {
  const { overview, place, go } = props;
  const { current } = overview.base;
  const [chosen, choose] = useState(/** @type {Base} */ (current === "exact_online" ? "files" : "exact_online"));
  if (place.step === 2 && chosen !== current) return h(Consequences, { ...props, chosen, key: "consequences" });
  return h(
    Column,
    { key: "choice", gap: 5 },
    h(ViewHeading, null, "Switch integration"),
    h(
      Paragraph,
      null,
      "The accounting base is where your accounting data comes from: accounts, VAT codes, analytical axes and suppliers.",
    ),
    h(OneOf, {
      label: "Accounting base",
      value: chosen,
      options: CHOICES.map((base) => {
        const { label, meaning } = BASES[base];
        return { value: base, label, text: base === current ? `${meaning} This is the base now.` : meaning };
      }),
      onChange: (base) => choose(/** @type {Base} */ (base)),
    }),
    h(
      Row,
      null,
      h(Press, { onPress: () => go({ view: "overview" }) }, "Cancel"),
      chosen === current
        ? h(Muted, null, `${BASES[chosen].label} is the base already.`)
        : h(Press, { onPress: () => go({ view: "switch", step: 2 }), isMain: true }, "Continue"),
    ),
    h(Switches, { overview }),
  );
}

/** @param {ViewProps & { chosen: Base }} props */
function Consequences({ overview, go, changed, announce, chosen }) {
  const { isBusy, problem, run } = useWork();
  const { label } = BASES[chosen];
  const doSwitch = () =>
    run(async () => {
      const news = await api.switchBase(chosen);
      changed(news);
      announce(`The accounting base is ${label} now.`);
      go({ view: chosen === "exact_online" && !news.connections.length ? "connect" : "overview" });
    });
  return h(
    Column,
    { gap: 5 },
    h(ViewHeading, null, `Switch to ${label}?`),
    h(
      Panel,
      { label: "What happens here" },
      h(SectionHeading, null, "What happens here"),
      h(Bullets, { items: [...CONSEQUENCES[chosen]] }),
    ),
    h(
      Panel,
      { label: "What you have to see to" },
      h(SectionHeading, null, "What you have to see to, in your spend platform"),
      h(Bullets, { items: [...DUTIES] }),
    ),
    h(ProblemNotice, { problem }),
    h(
      Row,
      null,
      h(Press, { onPress: () => go({ view: "switch" }) }, "Back"),
      h(Press, { onPress: () => void doSwitch(), isMain: true, isBusy, name: `Switch to ${label}` }, "Switch"),
    ),
    overview.base.current === null && h(Muted, null, "No accounting base has been chosen before."),
  );
}

/** @param {{ overview: Overview }} props */
function Switches({ overview: { base, now } }) {
  if (!base.history.length) return null;
  return h(
    More,
    { summary: "Earlier switches" },
    h(Bullets, {
      items: base.history.map(({ base: chosen, at, by }) => [
        `${BASES[chosen].label}, by ${by} `,
        h(Moment, { key: "at", at, now, isInline: true }),
      ]),
    }),
  );
}

// Connect Exact Online, steps 1 to 3: what is needed, the region with its app, a name and the axes.

/** @import {Draft} from "./steps.js" */
/** @import {App, ViewProps} from "./types.d.ts" */

import { api } from "./api.js";
import { AppHelp } from "./apphelp.js";
import { Bullets, Column, InLink, Mark, Notice, Paragraph, Row, SectionHeading, ViewHeading, h } from "./components.js";
import { OneOf, Press, TextInput, Tick } from "./controls.js";
import { Guide } from "./guide.js";
import { ProblemNotice } from "./problem.js";
import { EMPTY_DRAFT, REGIONS, STEPS, appsOf, checks, nameProblem, reachableStep, withRegion } from "./steps.js";
import { PREREQUISITES } from "./texts.js";
import { useWork } from "./working.js";

const { useState } = globalThis.React;

/**
 * @typedef {ViewProps & { draft: Draft, setDraft: (draft: Draft) => void, toStep: (step: number) => void }} StepProps
 */

/** @param {ViewProps} props */
export function ConnectView(props) {
  const [draft, setDraft] = useState(/** @type {Draft} */ (EMPTY_DRAFT));
  const step = reachableStep(draft, props.place.step);
  const toStep = (/** @type {number} */ next) => props.go({ view: "connect", ...(next > 1 && { step: next }) });
  const View = [PrepareStep, RegionStep, NameStep][step - 1] ?? PrepareStep;
  return h(View, { ...props, draft, setDraft, toStep, key: step });
}

/** @param {{ step: number }} props */
function StepHeading({ step }) {
  return [
    h(Guide, { key: "guide", view: "connect", drafting: step }),
    h(ViewHeading, { key: "heading" }, STEPS[step - 1]),
  ];
}

/** @param {StepProps} props */
function PrepareStep({ overview, go, toStep }) {
  const isBlocked = overview.base.current === "files";
  return h(
    Column,
    { gap: 5 },
    h(StepHeading, { step: 1 }),
    h(Paragraph, null, "Connecting takes about five minutes. Please make sure that:"),
    h(Bullets, { items: PREREQUISITES }),
    h(SectionHeading, null, "Checked for you"),
    h(Bullets, {
      items: checks(overview).map(({ isMet, text }) => [
        h(Mark, { key: "mark", palette: isMet ? "success" : "warning" }, isMet ? "OK" : "To do"),
        ` ${text}`,
      ]),
    }),
    isBlocked &&
      h(
        Notice,
        { kind: "warning", title: "Connections can be set up once the accounting base is Exact Online." },
        h(InLink, { place: { view: "switch" } }, "Switch integration"),
      ),
    h(
      Row,
      null,
      h(Press, { onPress: () => go({ view: "overview" }) }, "Cancel"),
      !isBlocked && h(Press, { onPress: () => toStep(2), isMain: true }, "Continue"),
    ),
  );
}

/** @param {StepProps} props */
function RegionStep({ overview, draft, setDraft, toStep, reload }) {
  const { usable } = appsOf(overview, draft.region);
  const region = REGIONS.find((each) => each.code === draft.region);
  const [isMissing, setMissing] = useState(false);
  const proceed = () => (draft.connection_id ? toStep(3) : setMissing(true));
  return h(
    Column,
    { gap: 5 },
    h(StepHeading, { step: 2 }),
    h(Paragraph, null, "Exact Online has one site for each country. Choose the one where you log in."),
    h(OneOf, {
      label: "Region",
      value: draft.region,
      options: REGIONS.map(({ code, label, host }) => ({ value: code, label, text: host })),
      onChange: (code) => setDraft(withRegion(overview, draft, code)),
    }),
    usable.length > 1 && h(AppChoice, { apps: usable, draft, setDraft }),
    region && !usable.length && h(AppHelp, { overview, region, reload }),
    isMissing && !draft.connection_id && h(Notice, { kind: "error", title: missingText(draft, usable) }),
    h(
      Row,
      null,
      h(Press, { onPress: () => toStep(1) }, "Back"),
      h(Press, { onPress: proceed, isMain: true }, "Continue"),
    ),
  );
}

/**
 * @param {Draft} draft
 * @param {App[]} usable
 */
function missingText({ region }, usable) {
  if (!region) return "Choose a region.";
  return usable.length ? "Choose an app." : "This region needs an app first.";
}

/** @param {{ apps: App[], draft: Draft, setDraft: (draft: Draft) => void }} props */
function AppChoice({ apps, draft, setDraft }) {
  return h(OneOf, {
    label: "App",
    value: draft.connection_id,
    options: apps.map((app) => ({ value: app.connection_id, label: app.connection_id, text: app.problem ?? "Ready" })),
    onChange: (connection_id) => setDraft({ ...draft, connection_id }),
  });
}

/** @param {StepProps} props */
function NameStep({ overview, draft, setDraft, toStep, go, changed }) {
  const { isBusy, problem, run } = useWork();
  const [wasTried, setTried] = useState(false);
  const nameError = nameProblem(
    draft.name,
    overview.connections.map((each) => each.name),
  );
  const create = () => {
    setTried(true);
    if (nameError) return;
    void run(async () => {
      const connection = await api.create(draft);
      changed(connection);
      go({ view: "connection", connection: connection.name });
    });
  };
  const setAxis = (/** @type {string} */ axis, /** @type {boolean} */ isActive) => {
    const others = draft.axes.filter((each) => each !== axis);
    setDraft({ ...draft, axes: isActive ? [...others, axis] : others });
  };
  return h(
    Column,
    { gap: 5 },
    h(StepHeading, { step: 3 }),
    h(TextInput, {
      label: "Name",
      value: draft.name,
      onChange: (name) => setDraft({ ...draft, name }),
      help: "What you will call this connection, in this page and in messages.",
      error: wasTried ? nameError : null,
    }),
    h(AxisTicks, { overview, chosen: draft.axes, setAxis }),
    h(ProblemNotice, { problem }),
    h(
      Row,
      null,
      h(Press, { onPress: () => toStep(2) }, "Back"),
      h(Press, { onPress: create, isMain: true, isBusy }, "Continue"),
    ),
  );
}

/** @param {Pick<ViewProps, "overview"> & { chosen: string[], setAxis: (axis: string, isActive: boolean) => void }} props */
export function AxisTicks({ overview, chosen, setAxis }) {
  return h(
    Column,
    { gap: 2 },
    h(SectionHeading, null, "Analytical axes to activate"),
    h(Paragraph, { isMuted: true }, "Only active axes are synced. You can change them later."),
    overview.axes.map(({ name, label, where }) =>
      h(Tick, {
        key: name,
        label,
        text: where,
        isChecked: chosen.includes(name),
        onChange: (isActive) => setAxis(name, isActive),
      }),
    ),
  );
}

// A source of payables: where it goes, and what it is asked for.

/** @import {Overview, ViewProps} from "./types.d.ts" */
/** @import {EntryCurrency, Source, SourceKind, SourceSettings} from "./payables.d.ts" */

import { companyText } from "./choice.js";
import { Column, Paragraph, Row, ViewHeading, Waiting, h } from "./components.js";
import { OneOf, OneOfMany, Press, TextInput, Tick } from "./controls.js";
import { Guide } from "./guide.js";
import { payablesApi } from "./payables-api.js";
import { CURRENCIES, SOURCE_KINDS } from "./payables-texts.js";
import { ProblemNotice } from "./problem.js";
import { usePolling, useWork } from "./working.js";

const { useState } = globalThis.React;

/** @type {Readonly<SourceSettings>} What suits most. */
const USUAL = {
  kind: "spendesk",
  integration: null,
  division: null,
  creates_suppliers: false,
  requires_receipt: true,
  start_date: null,
  entry_currency: "functional",
};

/** @param {ViewProps} props */
export function SourceView(props) {
  const { place } = props;
  const { value, problem, look } = usePolling(payablesApi.sources, () => null, "sources");
  return h(
    Column,
    { gap: 5 },
    h(Guide, { view: "source" }),
    h(ViewHeading, null, place.source ? `Settings of ${place.source}` : "Set up a source of payables"),
    h(ProblemNotice, { problem, onRetry: () => void look() }),
    !value && !problem && h(Waiting, null, "Loading the sources …"),
    value && h(SourceForm, { ...props, sources: value.sources }),
  );
}

/** @param {ViewProps & { sources: Source[] }} props */
function SourceForm({ overview, place, go, announce, sources }) {
  const known = sources.find((each) => each.name === place.source);
  const [name, setName] = useState(known?.name ?? (sources.length ? "" : "spendesk_default"));
  const [settings, setSettings] = useState(() => (known ? settingsOf(known) : { ...USUAL, ...firstCompany(overview) }));
  const [wasTried, setTried] = useState(false);
  const { isBusy, problem, run } = useWork();
  const set = (/** @type {Partial<SourceSettings>} */ change) => setSettings({ ...settings, ...change });
  const error = known ? null : nameProblem(name, sources);
  const save = () => {
    setTried(true);
    if (error) return;
    void run(async () => {
      await payablesApi.save(name.trim(), settings);
      announce(`${name.trim()} saved.`);
      go({ view: "mapping", source: name.trim() });
    });
  };
  return h(
    Column,
    { gap: 5 },
    !known &&
      h(TextInput, {
        label: "Name",
        value: name,
        onChange: setName,
        help: "The id of its connection in Airflow.",
        error: wasTried ? error : null,
      }),
    h(OneOf, {
      label: "Where payables come from",
      value: settings.kind,
      options: Object.entries(SOURCE_KINDS).map(([value, texts]) => ({ value, ...texts })),
      onChange: (kind) => set({ kind: /** @type {SourceKind} */ (kind) }),
    }),
    h(OneOfMany, {
      label: "Company",
      value: written(settings),
      options: companies(overview, settings),
      onChange: (chosen) => set(read(chosen)),
      help: "Where they are booked. All payables of one source go to one company.",
    }),
    h(TextInput, {
      label: "Cut-over date",
      value: settings.start_date ?? "",
      onChange: (day) => set({ start_date: day || null }),
      isDay: true,
      help: "What was spent before this day stays out: it is booked already. Empty: nothing stays out.",
    }),
    h(Tick, {
      label: "Create suppliers",
      text: "A supplier that nobody at Exact Online is like is created there. Else its payables wait for a person.",
      isChecked: settings.creates_suppliers,
      onChange: (creates_suppliers) => set({ creates_suppliers }),
    }),
    h(Tick, {
      label: "Require a receipt",
      text: "A payable without a receipt, or a declaration that there is none, is held back.",
      isChecked: settings.requires_receipt,
      onChange: (requires_receipt) => set({ requires_receipt }),
    }),
    h(OneOf, {
      label: "Currency of entries",
      value: settings.entry_currency,
      options: Object.entries(CURRENCIES).map(([value, texts]) => ({ value, ...texts })),
      onChange: (currency) => set({ entry_currency: /** @type {EntryCurrency} */ (currency) }),
    }),
    !overview.connections.some((each) => each.companies.length) &&
      h(Paragraph, { isMuted: true }, "No company of Exact Online is connected yet: only files can be written."),
    h(ProblemNotice, { problem }),
    h(
      Row,
      null,
      h(Press, { onPress: () => go({ view: "payables" }) }, "Cancel"),
      h(Press, { onPress: save, isMain: true, isBusy }, "Save"),
    ),
  );
}

/**
 * @param {Source} source
 * @returns {SourceSettings} without what only the server knows.
 */
function settingsOf({ name: _name, since: _since, by: _by, ...settings }) {
  return settings;
}

/**
 * @param {string} name
 * @param {readonly Source[]} sources
 * @returns {string | null} what is wrong with it; the server has the last word.
 */
export function nameProblem(name, sources) {
  const wanted = name.trim();
  if (!wanted) return "Give the id of the connection.";
  return sources.some((each) => each.name === wanted) ? `${wanted} is set up already.` : null;
}

const SEPARATOR = " / ";
const NOWHERE = "";

/** @param {Pick<SourceSettings, "integration" | "division">} settings */
function written({ integration, division }) {
  return division === null ? NOWHERE : [division, integration].join(SEPARATOR);
}

/**
 * @param {string} chosen
 * @returns {Pick<SourceSettings, "integration" | "division">}
 */
function read(chosen) {
  if (chosen === NOWHERE) return { integration: null, division: null };
  const [division, ...integration] = chosen.split(SEPARATOR);
  return { integration: integration.join(SEPARATOR), division: Number(division) };
}

/**
 * @param {Overview} overview
 * @param {SourceSettings} settings what is set stays among the choices.
 */
function companies({ connections }, settings) {
  const options = connections.flatMap((connection) =>
    connection.companies.map((company) => ({
      value: written({ integration: connection.name, division: company.division }),
      label: `${companyText(company)}, ${connection.name}`,
    })),
  );
  const current = written(settings);
  const isKnown = current === NOWHERE || options.some((each) => each.value === current);
  return [
    { value: NOWHERE, label: "None: files" },
    ...options,
    ...(isKnown ? [] : [{ value: current, label: current }]),
  ];
}

/** @param {Overview} overview @returns {Pick<SourceSettings, "integration" | "division">} */
function firstCompany({ connections }) {
  const connection = connections.find((each) => each.companies.length);
  return { integration: connection?.name ?? null, division: connection?.companies[0]?.division ?? null };
}

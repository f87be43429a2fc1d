// Payables: the sources that are set up, and the way to their mappings.

/** @import {Overview, ViewProps} from "./types.d.ts" */
/** @import {Source} from "./payables.d.ts" */

import { companyText } from "./choice.js";
import {
  Column,
  Facts,
  InLink,
  Mark,
  Panel,
  Paragraph,
  Row,
  SectionHeading,
  ViewHeading,
  Waiting,
  h,
} from "./components.js";
import { Press } from "./controls.js";
import { Guide } from "./guide.js";
import { Moment } from "./moment.js";
import { payablesApi } from "./payables-api.js";
import { CURRENCIES, SOURCE_KINDS } from "./payables-texts.js";
import { LookOnly, ProblemNotice } from "./problem.js";
import { usePolling } from "./working.js";

/** @param {ViewProps} props */
export function PayablesView({ overview, go }) {
  const { value, problem, look } = usePolling(payablesApi.sources, () => null, "sources");
  const mayAct = overview.user.may_act;
  return h(
    Column,
    { gap: 5 },
    h(Guide, { view: "payables" }),
    h(
      Row,
      { justify: "space-between" },
      h(ViewHeading, null, "Payables"),
      mayAct &&
        value &&
        h(Press, { onPress: () => go({ view: "source" }), isMain: !value.sources.length }, "Set up a source"),
    ),
    h(
      Paragraph,
      null,
      "Approved expenses become purchase entries. Say in which company, and what they are called there.",
    ),
    !mayAct && h(LookOnly, { overview }),
    h(ProblemNotice, { problem, onRetry: () => void look() }),
    !value && !problem && h(Waiting, null, "Loading the sources …"),
    value?.sources.map((source) => h(SourcePanel, { key: source.name, source, overview })),
    value &&
      !value.sources.length &&
      h(Paragraph, { isMuted: true }, "No source of payables is set up yet: nothing is exported."),
  );
}

/** @param {{ source: Source, overview: Overview }} props */
function SourcePanel({ source, overview }) {
  const place = { source: source.name };
  return h(
    Panel,
    { label: source.name },
    h(
      Row,
      null,
      h(SectionHeading, null, h(InLink, { place: { view: "mapping", ...place } }, source.name)),
      h(Mark, { palette: "info" }, SOURCE_KINDS[source.kind].label),
    ),
    h(SourceFacts, { source, overview }),
    h(
      Row,
      null,
      h(InLink, { place: { view: "mapping", ...place } }, `Mapping of ${source.name}`),
      overview.user.may_act && h(InLink, { place: { view: "source", ...place } }, `Settings of ${source.name}`),
    ),
  );
}

/** @param {{ source: Source, overview: Overview }} props How a source is set up. */
export function SourceFacts({ source, overview }) {
  return h(Facts, {
    facts: [
      ["Booked in", bookedText(source, overview)],
      ["From", source.start_date ?? "All that the source delivers"],
      ["Suppliers not at Exact Online", source.creates_suppliers ? "Are created there" : "Hold a payable back"],
      ["Without a receipt", source.requires_receipt ? "A payable is held back" : "A payable goes all the same"],
      ["Currency of entries", CURRENCIES[source.entry_currency].label],
      ["Set up", [`By ${source.by}, `, h(Moment, { key: "since", at: source.since, now: overview.now })]],
    ],
  });
}

/**
 * @param {Source} source
 * @param {Overview} overview
 * @returns {string} the company, by its name as far as one is known.
 */
export function bookedText({ integration, division }, { connections }) {
  if (division === null) return "Files: no company yet";
  const companies = connections.find((each) => each.name === integration)?.companies ?? [];
  const company = companies.find((each) => each.division === division);
  return `${company ? companyText(company) : division}, ${integration}`;
}

// The mapping of a source: what its payables name, and what that is called at Exact Online.

/** @import {ViewProps} from "./types.d.ts" */
/** @import {Line, Mapped, MappingKind, Section} from "./payables.d.ts" */

import { Chooser, useSettled } from "./chooser.js";
import {
  Column,
  InLink,
  Lines,
  Mark,
  More,
  Muted,
  Notice,
  Panel,
  Paragraph,
  Row,
  SectionHeading,
  Strong,
  ViewHeading,
  Waiting,
  h,
} from "./components.js";
import { Press, TextInput } from "./controls.js";
import { Guide } from "./guide.js";
import { MappingLine } from "./mapping-line.js";
import { Moment } from "./moment.js";
import { payablesApi } from "./payables-api.js";
import { KINDS, UNKNOWN_KIND, openText } from "./payables-texts.js";
import { SourceFacts } from "./sources.js";
import { LookOnly, ProblemNotice } from "./problem.js";
import { usePolling, useWork } from "./working.js";

const { useEffect, useState } = globalThis.React;

/**
 * What a line or an addition can do.
 *
 * @typedef {object} Editing
 * @property {Mapped} mapped
 * @property {boolean} mayAct
 * @property {string} edited the line that is being changed: one at a time.
 * @property {(id: string) => void} edit
 * @property {boolean} isBusy
 * @property {import("./types.d.ts").Problem | null} problem
 * @property {(kind: string, key: string, target: string | null) => void} map
 */

/** @param {ViewProps} props */
export function MappingView({ overview, place, announce }) {
  const name = place.source ?? "";
  const [text, setText] = useState("");
  const wanted = useSettled(text.trim());
  const [mapped, setMapped] = useState(/** @type {Mapped | null} */ (null));
  const [edited, edit] = useState("");
  const { isBusy, problem: refusal, run } = useWork();
  const { value, problem, look } = usePolling(
    () => payablesApi.mapping(name, wanted),
    () => null,
    wanted,
  );
  useEffect(() => {
    if (value) setMapped(value);
  }, [value]);
  const map = (/** @type {string} */ kind, /** @type {string} */ key, /** @type {string | null} */ target) =>
    void run(async () => {
      setMapped(await payablesApi.map(name, kind, key, target, wanted));
      edit("");
      announce(target === null ? "Forgotten." : "Saved.");
    });
  const mayAct = overview.user.may_act;
  return h(
    Column,
    { gap: 5 },
    h(Guide, { view: "mapping" }),
    h(ViewHeading, null, `Mapping of ${name}`),
    h(
      Paragraph,
      null,
      "What the payables of this source name, and what that is called at Exact Online. What is held back for it is checked again by the next export.",
    ),
    !mayAct && h(LookOnly, { overview }),
    h(ProblemNotice, { problem, onRetry: () => void look() }),
    !mapped && !problem && h(Waiting, null, "Loading the mapping …"),
    mapped && [
      h(
        More,
        { key: "settings", summary: "Settings of this source" },
        h(
          Column,
          null,
          h(SourceFacts, { source: mapped.source, overview }),
          mayAct && h(InLink, { place: { view: "source", source: name } }, "Change the settings"),
        ),
      ),
      h(Summary, { key: "summary", mapped }),
      h(TextInput, { key: "find", label: "Find in the mapping", value: text, onChange: setText, isSearch: true }),
      ...ordered(mapped.sections).map((section) =>
        h(SectionPanel, {
          key: section.kind,
          section,
          editing: { mapped, mayAct, edited, edit, isBusy, problem: refusal, map },
          isFound: wanted !== "",
        }),
      ),
      mapped.changes.length > 0 && h(Changes, { key: "changes", mapped }),
    ],
  );
}

/** @param {{ mapped: Mapped }} props What waits for a person. */
function Summary({ mapped: { sections } }) {
  const open = ordered(sections).filter((section) => openText(section));
  if (!open.length) return null;
  return h(
    Notice,
    { kind: "warning", title: "Payables are held back until this is mapped" },
    h(Paragraph, null, open.map((section) => `${textsOf(section.kind).title}: ${openText(section)}`).join(". "), "."),
  );
}

/** @param {{ mapped: Mapped }} props What was changed last, and by whom. */
function Changes({ mapped: { changes, now } }) {
  return h(
    More,
    { summary: "Latest changes" },
    h(Lines, {
      rows: changes.map(({ at, kind, key, former, target, actor }, index) => ({
        key: index,
        row: [
          `${textsOf(kind).title}, ${key || "all others"}: ${former ?? "nothing"} → ${target ?? "forgotten"}`,
          h(Muted, { key: "by" }, `By ${actor}, `, h(Moment, { at, now, isInline: true })),
        ],
      })),
    }),
  );
}

/** @param {{ section: Section, editing: Editing, isFound: boolean }} props */
function SectionPanel({ section, editing, isFound }) {
  const { title, about } = textsOf(section.kind);
  if (isFound && !section.total) return null;
  const open = openText(section);
  const rest = section.total - section.lines.length;
  return h(
    Panel,
    { label: title },
    h(Row, null, h(SectionHeading, null, title), open && h(Mark, { palette: "warning" }, open)),
    h(Paragraph, { isMuted: true }, about),
    h(Lines, {
      rows: section.lines.map((line) => ({ key: idOf(line), row: h(MappingLine, { line, editing, id: idOf(line) }) })),
    }),
    rest > 0 && h(Muted, null, `${rest.toLocaleString("en-GB")} more: find them by their name.`),
    editing.mayAct && isKind(section.kind) && h(Addition, { kind: section.kind, editing }),
  );
}

/** @param {{ kind: MappingKind, editing: Editing }} props Something that no payable has named yet. */
function Addition({ kind, editing }) {
  const { key: asked, title } = KINDS[kind];
  const [key, setKey] = useState("");
  const id = `${kind}+`;
  if (!asked) return null;
  if (editing.edited !== id) {
    return h(
      Row,
      null,
      h(Press, { onPress: () => editing.edit(id), name: `Map another one: ${title}` }, "Map another one"),
    );
  }
  return h(
    Column,
    { gap: 3 },
    h(Strong, null, "Map another one"),
    h(TextInput, { label: asked, value: key, onChange: setKey, isNext: true }),
    h(ProblemNotice, { problem: editing.problem }),
    key.trim()
      ? h(Chooser, {
          source: editing.mapped.source,
          kind,
          isBusy: editing.isBusy,
          onChoose: (value) => editing.map(kind, key, value),
          onCancel: () => editing.edit(""),
        })
      : h(Row, null, h(Press, { onPress: () => editing.edit("") }, "Cancel")),
  );
}

/** @param {Line} line */
const idOf = ({ kind, key }) => `${kind}/${key}`;

/** @param {string} kind @returns {kind is MappingKind} */
const isKind = (kind) => Object.hasOwn(KINDS, kind);

/** @param {string} kind */
const textsOf = (kind) => (isKind(kind) ? KINDS[kind] : { ...UNKNOWN_KIND, title: `${UNKNOWN_KIND.title}: ${kind}` });

/**
 * @param {readonly Section[]} sections
 * @returns {Section[]} in the order in which they are best done; what is nothing comes first.
 */
function ordered(sections) {
  const order = Object.keys(KINDS);
  return [...sections].sort((one, other) => order.indexOf(one.kind) - order.indexOf(other.kind));
}

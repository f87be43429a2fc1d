// One line of a mapping: what it is mapped to, how, by whom, and the way to change or forget that.

/** @import {Ref} from "./airflow.d.ts" */
/** @import {Line, MappingKind} from "./payables.d.ts" */
/** @import {Editing} from "./mapping.js" */

import { Chooser } from "./chooser.js";
import { Column, Group, Mark, Muted, Notice, Paragraph, Row, Strong, h } from "./components.js";
import { Press, Question } from "./controls.js";
import { Moment } from "./moment.js";
import { KINDS, namedText } from "./payables-texts.js";
import { ProblemNotice } from "./problem.js";

const { useEffect, useRef, useState } = globalThis.React;

/** @param {{ line: Line, editing: Editing, id: string }} props */
export function MappingLine({ line, editing, id }) {
  const { mapped, mayAct, edited, edit, isBusy, problem, map } = editing;
  const isEdited = edited === id;
  const holder = /** @type {Ref<HTMLElement | null>} */ (useRef(null));
  const wasEdited = useRef(isEdited);
  useEffect(() => {
    // what was pressed in the chooser is gone, and the focus with it
    if (wasEdited.current && !isEdited && edited === "") holder.current?.focus();
    wasEdited.current = isEdited;
  }, [isEdited]);
  return h(
    Column,
    { gap: 2 },
    h(
      Row,
      { justify: "space-between" },
      h(
        Column,
        { gap: 0.5 },
        h(Row, null, h(Strong, null, line.label), keyShown(line) && h(Muted, null, line.key)),
        h(Target, { line }),
        h(Origin, { line, now: mapped.now }),
      ),
      mayAct && h(LineActions, { line, editing, id, holder }),
    ),
    line.problem && h(Notice, { kind: "warning", title: line.problem }),
    isEdited && h(ProblemNotice, { problem }),
    isEdited &&
      h(Chooser, {
        source: mapped.source,
        kind: /** @type {MappingKind} */ (line.kind),
        isBusy,
        onChoose: (value) => map(line.kind, line.key, value),
        onCancel: () => edit(""),
      }),
  );
}

/** @param {Line} line @returns {boolean} whether its key says more than its label. */
const keyShown = ({ kind, key, label }) => kind !== "journal" && key !== "" && key !== label;

/** @param {{ line: Line }} props */
function Target({ line: { kind, key, target, target_name: name, is_open: isOpen } }) {
  if (target !== null) return h(Paragraph, null, `→ ${name ?? target}`);
  if (isOpen) return h(Row, null, h(Mark, { palette: "warning" }, "Not mapped"));
  if (name) return h(Paragraph, { isMuted: true }, `→ ${name}, by the same code`);
  return h(Paragraph, { isMuted: true }, kind === "supplier" && key ? "Not looked for yet" : "Not mapped");
}

/** @param {{ line: Line, now: string }} props How it came to be, and by whom. */
function Origin({ line, now }) {
  const told = [namedText(line.payables), line.how && `matched by ${line.how}`].filter(Boolean).join(", ");
  if (!told && !line.set_by) return null;
  return h(
    Muted,
    null,
    told,
    line.set_by && [
      told ? ", set by " : "Set by ",
      line.set_by,
      ", ",
      h(Moment, { key: "at", at: line.set_at, now, isInline: true }),
    ],
  );
}

/** @param {{ line: Line, editing: Editing, id: string, holder: Ref<HTMLElement | null> }} props */
function LineActions({ line, editing, id, holder }) {
  const { edit, isBusy, map } = editing;
  const [isAsked, ask] = useState(false);
  const what = `${line.label} (${line.kind.replaceAll("_", " ")}${keyShown(line) ? ` ${line.key}` : ""})`;
  const forget = () => {
    ask(false);
    map(line.kind, line.key, null);
  };
  return h(
    Group,
    { label: `Actions for ${what}`, holder },
    Object.hasOwn(KINDS, line.kind) &&
      h(
        Press,
        { onPress: () => edit(id), name: `${line.target === null ? "Choose" : "Change"}: ${what}` },
        line.target === null ? "Choose" : "Change",
      ),
    line.target !== null &&
      h(
        Press,
        {
          onPress: () => (line.kind === "supplier" ? ask(true) : forget()),
          name: `Forget: ${what}`,
          isDanger: true,
          isBusy,
        },
        "Forget",
      ),
    h(
      Question,
      {
        isOpen: isAsked,
        title: `Forget who ${line.label} is at Exact Online?`,
        yes: "Forget",
        isBusy,
        returnTo: holder,
        onYes: forget,
        onNo: () => ask(false),
      },
      h(
        Paragraph,
        null,
        "It is looked for again when its next payable is prepared: by VAT number, else IBAN, else name. What is booked already stays as it is.",
      ),
    ),
  );
}

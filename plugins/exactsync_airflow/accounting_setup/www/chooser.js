// Choose what something is mapped to, among what the company has at Exact Online.

/** @import {Choice, MappingKind, Source} from "./payables.d.ts" */

import { Column, Muted, Paragraph, Row, Waiting, h } from "./components.js";
import { Press, TextInput } from "./controls.js";
import { payablesApi } from "./payables-api.js";
import { AXES, KINDS } from "./payables-texts.js";
import { ProblemNotice } from "./problem.js";
import { usePolling } from "./working.js";

const { useEffect, useState } = globalThis.React;

const SETTLED_MS = 250;

/**
 * @typedef {object} ChooserProps
 * @property {Source} source
 * @property {MappingKind} kind
 * @property {boolean} isBusy
 * @property {(value: string) => void} onChoose
 * @property {() => void} onCancel
 */

/** @param {ChooserProps} props */
export function Chooser(props) {
  return h(
    Column,
    { gap: 3 },
    props.kind === "axis" ? h(AxisChoices, props) : h(FoundChoices, props),
    h(Row, null, h(Press, { onPress: props.onCancel }, "Cancel")),
  );
}

/** @param {ChooserProps} props */
function AxisChoices({ isBusy, onChoose }) {
  return h(
    Row,
    null,
    AXES.map(({ value, label }) => h(Press, { key: value, onPress: () => onChoose(value), isBusy }, label)),
  );
}

/** @param {ChooserProps} props */
function FoundChoices({ source, kind, isBusy, onChoose }) {
  const [text, setText] = useState("");
  const wanted = useSettled(text.trim());
  const { value, problem, look } = usePolling(
    () => payablesApi.choices(source.name, kind, wanted),
    () => null,
    wanted,
  );
  const { found, isFree = false } = KINDS[kind];
  const isExact = value?.choices.some((each) => each.value === text.trim());
  return h(
    Column,
    { gap: 3 },
    h(TextInput, {
      label: `Find a ${found}`,
      value: text,
      onChange: setText,
      isSearch: true,
      isNext: true,
      help: "By its code or any word of its name.",
    }),
    h(ProblemNotice, { problem, onRetry: () => void look() }),
    !value && !problem && h(Waiting, null, "Looking …"),
    value && h(Choices, { choices: value.choices, isBusy, onChoose }),
    value && !value.choices.length && h(Paragraph, { isMuted: true }, `The last sync has left no such ${found}.`),
    value?.is_more && h(Muted, null, "There may be more: type a word of the one you are looking for."),
    isFree &&
      text.trim() &&
      value &&
      !isExact &&
      h(Row, null, h(Press, { onPress: () => onChoose(text.trim()), isBusy }, `Use ${text.trim()} all the same`)),
  );
}

/** @param {{ choices: Choice[], isBusy: boolean, onChoose: (value: string) => void }} props */
function Choices({ choices, isBusy, onChoose }) {
  return h(
    Row,
    null,
    choices.map(({ value, label, about }) =>
      h(Press, { key: value, onPress: () => onChoose(value), isBusy }, about ? `${label}, ${about}` : label),
    ),
  );
}

/**
 * @param {string} text
 * @returns {string} the text once nobody types any more, so that not every letter asks the server.
 */
export function useSettled(text) {
  const [settled, settle] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => settle(text), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

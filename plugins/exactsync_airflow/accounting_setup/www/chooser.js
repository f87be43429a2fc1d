// Choose what something is mapped to, among what the company has at Exact Online.

/** @import {Choice, MappingKind, Source} from "./payables.d.ts" */

import { Column, Muted, Paragraph, Row, Waiting, h } from "./components.js";
import { Press, TextInput } from "./controls.js";
import { payablesApi } from "./payables-api.js";
import { AXES, KINDS } from "./payables-texts.js";
import { ProblemNotice } from "./problem.js";
import { usePolling } from "./working.js";

const { useEffect, useState } = globalThis.React;
const { Box, Button } = globalThis.ChakraUI;

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
  return props.kind === "axis" ? h(AxisChoices, props) : h(FoundChoices, props);
}

/** @param {ChooserProps} props */
function AxisChoices({ isBusy, onChoose, onCancel }) {
  return h(
    Row,
    null,
    AXES.map(({ value, label }) => h(Press, { key: value, onPress: () => onChoose(value), isBusy }, label)),
    h(Press, { onPress: onCancel }, "Cancel"),
  );
}

/** @param {ChooserProps} props */
function FoundChoices({ source, kind, isBusy, onChoose, onCancel }) {
  const [text, setText] = useState("");
  const code = text.trim();
  const wanted = useSettled(code);
  const { value, problem, look } = usePolling(
    () => payablesApi.choices(source.name, kind, wanted),
    () => null,
    wanted,
  );
  const { found, isFree = false } = KINDS[kind];
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
    value && value.choices.length > 0 && h(Choices, { choices: value.choices, isBusy, onChoose }),
    value && !value.choices.length && h(Paragraph, { isMuted: true }, `The last sync has brought no such ${found}.`),
    value?.is_more && h(Muted, null, "There may be more: type a word of the one you are looking for."),
    h(
      Row,
      null,
      h(Press, { onPress: onCancel }, "Cancel"),
      isFree &&
        value &&
        mayBeCode(code, value.choices) &&
        h(Press, { onPress: () => onChoose(code), isBusy }, `Use ${code} all the same`),
    ),
  );
}

/** @param {{ choices: Choice[], isBusy: boolean, onChoose: (value: string) => void }} props A list to press in. */
function Choices({ choices, isBusy, onChoose }) {
  const item = { variant: "ghost", size: "sm", colorPalette: "brand", w: "full", h: "auto", minH: 9, py: 1.5 };
  return h(
    Box,
    { as: "ul", listStyleType: "none", maxH: "19rem", overflowY: "auto", borderWidth: 1, borderRadius: "md", p: 1 },
    choices.map(({ value, label, about }) =>
      h(
        Box,
        { as: "li", key: value },
        h(
          Button,
          {
            ...item,
            justifyContent: "start",
            textAlign: "start",
            whiteSpace: "normal",
            "aria-disabled": isBusy || undefined,
            onClick: () => isBusy || onChoose(value),
          },
          about ? `${label}, ${about}` : label,
        ),
      ),
    ),
  );
}

/**
 * @param {string} text
 * @param {readonly Choice[]} choices
 * @returns {boolean} whether it may be a code that the last sync has not brought yet.
 */
function mayBeCode(text, choices) {
  const isKnown = choices.some((each) => each.value === text);
  return text !== "" && !isKnown && (!choices.length || /^\d+$/.test(text));
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

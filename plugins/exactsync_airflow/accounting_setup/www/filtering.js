// What narrows down what a page shows: controls beside each other, as far as there is room.

/** @import {Child} from "./airflow.d.ts" */

import { OneOfMany, TextInput } from "./controls.js";

const { createElement: h } = globalThis.React;
const { CheckboxControl, CheckboxHiddenInput, CheckboxIndicator, CheckboxLabel, CheckboxRoot, Flex } =
  globalThis.ChakraUI;

/** The edge of a control, as in controls.js. */
const EDGE = "fg.subtle";

/** @typedef {{ label: string, value: string, onChange: (value: string) => void }} FilterProps */

/** @param {{ children?: Child }} props */
export function FilterBar({ children }) {
  return h(Flex, { role: "search", "aria-label": "What to show", gap: 4, wrap: "wrap", align: "flex-end" }, children);
}

/** @param {{ width?: string, children?: Child }} props width: the most that it takes. */
function Filter({ width = "xs", children }) {
  return h(Flex, { maxW: width, flex: "1 1 10rem" }, children);
}

/** @param {FilterProps & { options: (readonly [string, string])[] }} props options: values and what they are called; "All" stands before them, with an empty value. */
export function Select({ label, value, options, onChange }) {
  const all = [["", "All"], ...options].map(([option = "", name = ""]) => ({ value: option, label: name }));
  return h(Filter, null, h(OneOfMany, { label, value, options: all, onChange }));
}

/** @param {FilterProps} props value: a part of what is looked for. */
export function Search({ label, value, onChange }) {
  return h(Filter, null, h(TextInput, { label, value, isSearch: true, onChange }));
}

/** @param {FilterProps} props value: as "2026-11-22", or empty. */
export function Day({ label, value, onChange }) {
  return h(Filter, { width: "10rem" }, h(TextInput, { label, value, isDay: true, onChange }));
}

/** @param {{ label: string, isChecked: boolean, onChange: (isChecked: boolean) => void }} props */
export function Only({ label, isChecked, onChange }) {
  return h(
    CheckboxRoot,
    {
      checked: isChecked,
      colorPalette: "brand",
      pb: 2,
      onCheckedChange: (/** @type {{ checked: boolean | "indeterminate" }} */ to) => onChange(to.checked === true),
    },
    h(CheckboxHiddenInput, null),
    h(CheckboxControl, { borderColor: EDGE }, h(CheckboxIndicator, null)),
    h(CheckboxLabel, null, label),
  );
}

// Thin names over Airflow's own components (Chakra UI): what narrows down what a page shows.

/** @import {Child} from "./airflow.d.ts" */

const { createElement: h, useId } = globalThis.React;
const {
  CheckboxControl,
  CheckboxHiddenInput,
  CheckboxIndicator,
  CheckboxLabel,
  CheckboxRoot,
  FieldLabel,
  FieldRoot,
  Flex,
  Input,
  NativeSelectField,
  NativeSelectIndicator,
  NativeSelectRoot,
} = globalThis.ChakraUI;

/** The edge of a control, as in controls.js. */
const EDGE = "fg.subtle";

/** @param {{ children?: Child }} props Filters beside each other, as far as there is room. */
export function FilterBar({ children }) {
  return h(Flex, { role: "search", "aria-label": "What to show", gap: 4, wrap: "wrap", align: "flex-end" }, children);
}

/** @param {{ label: string, value: string, options: (readonly [string, string])[], onChange: (value: string) => void }} props options: values and what they are called; all of them come first, with an empty value. */
export function Select({ label, value, options, onChange }) {
  const id = useId();
  return h(
    FieldRoot,
    { maxW: "xs", flex: "1 1 10rem" },
    h(FieldLabel, { htmlFor: id }, label),
    h(
      NativeSelectRoot,
      null,
      h(
        NativeSelectField,
        {
          id,
          value,
          borderColor: EDGE,
          onChange: (/** @type {{ target: HTMLSelectElement }} */ event) => onChange(event.target.value),
        },
        h("option", { value: "" }, "All"),
        options.map(([option, name]) => h("option", { key: option, value: option }, name)),
      ),
      h(NativeSelectIndicator, null),
    ),
  );
}

/** @param {{ label: string, value: string, onChange: (value: string) => void }} props value: as "2026-11-22", or empty. */
export function Day({ label, value, onChange }) {
  const id = useId();
  return h(
    FieldRoot,
    { maxW: "10rem", flex: "1 1 8rem" },
    h(FieldLabel, { htmlFor: id }, label),
    h(Input, {
      id,
      type: "date",
      value,
      borderColor: EDGE,
      onChange: (/** @type {{ target: HTMLInputElement }} */ event) => onChange(event.target.value),
    }),
  );
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

// What to look at: one connection or all, companies by name or number, only what is not fine.

/** @import {Choice, Connection} from "./types.d.ts" */

import { TextInput } from "../../accounting_setup/www/controls.js";

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
  NativeSelectField,
  NativeSelectIndicator,
  NativeSelectRoot,
} = globalThis.ChakraUI;

/** The edge of a control, as on the page Accounting setup. */
const EDGE = "fg.subtle";

/** @param {{ choice: Choice, connections: Connection[], choose: (choice: Choice) => void }} props */
export function Filters({ choice, connections, choose }) {
  return h(
    Flex,
    { role: "search", "aria-label": "What to show", gap: 4, wrap: "wrap", align: "flex-end" },
    connections.length > 1 && h(ConnectionSelect, { choice, connections, choose }),
    h(
      Flex,
      { maxW: "xs", flex: "1 1 12rem" },
      h(TextInput, {
        label: "Company",
        value: choice.company,
        isSearch: true,
        onChange: (company) => choose({ ...choice, company }),
      }),
    ),
    h(
      CheckboxRoot,
      {
        checked: choice.onlyProblems,
        colorPalette: "brand",
        pb: 2,
        onCheckedChange: (/** @type {{ checked: boolean | "indeterminate" }} */ to) =>
          choose({ ...choice, onlyProblems: to.checked === true }),
      },
      h(CheckboxHiddenInput, null),
      h(CheckboxControl, { borderColor: EDGE }, h(CheckboxIndicator, null)),
      h(CheckboxLabel, null, "Only problems"),
    ),
  );
}

/** @param {{ choice: Choice, connections: Connection[], choose: (choice: Choice) => void }} props */
function ConnectionSelect({ choice, connections, choose }) {
  const id = useId();
  return h(
    FieldRoot,
    { maxW: "xs", flex: "1 1 10rem" },
    h(FieldLabel, { htmlFor: id }, "Connection"),
    h(
      NativeSelectRoot,
      null,
      h(
        NativeSelectField,
        {
          id,
          value: choice.connection,
          borderColor: EDGE,
          onChange: (/** @type {{ target: HTMLSelectElement }} */ event) =>
            choose({ ...choice, connection: event.target.value }),
        },
        h("option", { value: "" }, "All"),
        connections.map(({ name }) => h("option", { key: name, value: name }, name)),
      ),
      h(NativeSelectIndicator, null),
    ),
  );
}

// What to look at: one connection or all, companies by name or number, only what is not fine.

/** @import {Choice, Connection} from "./types.d.ts" */

import { TextInput } from "../../accounting_setup/www/controls.js";
import { FilterBar, Only, Select } from "../../accounting_setup/www/filtering.js";

const { createElement: h } = globalThis.React;
const { Flex } = globalThis.ChakraUI;

/** @param {{ choice: Choice, connections: Connection[], choose: (choice: Choice) => void }} props */
export function Filters({ choice, connections, choose }) {
  return h(
    FilterBar,
    null,
    connections.length > 1 &&
      h(Select, {
        label: "Connection",
        value: choice.connection,
        options: connections.map(({ name }) => [name, name]),
        onChange: (connection) => choose({ ...choice, connection }),
      }),
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
    h(Only, {
      label: "Only problems",
      isChecked: choice.onlyProblems,
      onChange: (onlyProblems) => choose({ ...choice, onlyProblems }),
    }),
  );
}

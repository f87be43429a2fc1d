// What to look at: one connection or all, companies by name or number, only what is not fine.

/** @import {Choice, Connection} from "./types.d.ts" */

import { FilterBar, Only, Search, Select } from "../../accounting_setup/www/filtering.js";

const { createElement: h } = globalThis.React;

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
    h(Search, {
      label: "Company",
      value: choice.company,
      onChange: (company) => choose({ ...choice, company }),
    }),
    h(Only, {
      label: "Only problems",
      isChecked: choice.onlyProblems,
      onChange: (onlyProblems) => choose({ ...choice, onlyProblems }),
    }),
  );
}

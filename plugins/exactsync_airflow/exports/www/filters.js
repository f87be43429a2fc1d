// What to look at: a company, a kind, a period, what contains a text, what was edited too late.

/** @import {Choice, Company} from "./types.d.ts" */

import { Day, FilterBar, Only, Search, Select } from "../../accounting_setup/www/filtering.js";
import { companyText } from "../../accounting_setup/www/words.js";
import { KINDS } from "./texts.js";

const { createElement: h, useEffect, useState } = globalThis.React;

const TYPING_MS = 300;

/** @param {{ choice: Choice, companies: Company[], choose: (choice: Choice) => void }} props */
export function Filters({ choice, companies, choose }) {
  const narrow = (/** @type {Partial<Choice>} */ given) => choose({ ...choice, ...given, offset: 0 });
  return h(
    FilterBar,
    null,
    companies.length > 1 &&
      h(Select, {
        label: "Company",
        value: choice.company,
        options: companies.map((company) => [String(company.division), companyText(company)]),
        onChange: (company) => narrow({ company }),
      }),
    h(Select, {
      label: "Kind",
      value: choice.kind,
      options: Object.entries(KINDS),
      onChange: (kind) => narrow({ kind: /** @type {Choice["kind"]} */ (kind) }),
    }),
    h(Day, { label: "Booked from", value: choice.first, onChange: (first) => narrow({ first }) }),
    h(Day, { label: "Booked until", value: choice.last, onChange: (last) => narrow({ last }) }),
    h(Typed, { text: choice.text, onText: (text) => narrow({ text }) }),
    h(Only, {
      label: "Only edited too late",
      isChecked: choice.onlyEdited,
      onChange: (onlyEdited) => narrow({ onlyEdited }),
    }),
  );
}

/** @param {{ text: string, onText: (text: string) => void }} props Asks once a person has stopped to type. */
function Typed({ text, onText }) {
  const [typed, setTyped] = useState(text);
  useEffect(() => setTyped(text), [text]);
  useEffect(() => {
    if (typed === text) return undefined;
    const timer = setTimeout(() => onText(typed), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return h(Search, { label: "Name, number or reference", value: typed, onChange: setTyped });
}

// How many payables there are in each state, and what they come to; a state can be chosen by pressing it.

/** @import {Choice, State, Total} from "./types.d.ts" */

import { numberText } from "../../accounting_setup/www/words.js";
import { withState } from "./choice.js";
import { MARKS, StateMark } from "./marks.js";
import { laidOut, moneyText } from "./money.js";
import { STATES } from "./texts.js";

const { createElement: h } = globalThis.React;
const { Box } = globalThis.ChakraUI;

const LOOKS = {
  textStyle: "sm",
  "& table": { borderCollapse: "collapse", minW: "full" },
  "& th, & td": { textAlign: "start", px: 2, py: 0.5, borderBottomWidth: 1, fontWeight: "normal" },
  "& thead th": { fontWeight: "medium", py: 2 },
  "& thead th:last-of-type": { ps: 8 },
  "& [data-number]": { textAlign: "end", fontVariantNumeric: "tabular-nums", whiteSpace: "nowrap" },
  "& td:last-of-type": { color: "fg.muted", minW: "14rem", ps: 8 },
  "& button": { cursor: "pointer", p: 1, borderRadius: "full", borderWidth: 2, borderColor: "transparent" },
  "& button:hover": { borderColor: "border" },
  "& button[aria-pressed=true]": { borderColor: "fg" },
  ...MARKS,
};

/** @param {{ totals: Total[], choice: Choice, choose: (choice: Choice) => void }} props */
export function Totals({ totals, choice, choose }) {
  const states = /** @type {State[]} */ (Object.keys(STATES));
  const { currencies, lines } = laidOut(totals, states);
  const number = { "data-number": "" };
  return h(
    Box,
    { role: "region", "aria-label": "Totals", tabIndex: 0, overflowX: "auto", css: LOOKS },
    h(
      "table",
      { "aria-label": "Payables by state" },
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          h("th", { scope: "col" }, "State"),
          h("th", { scope: "col", ...number }, "Payables"),
          currencies.map((currency) => h("th", { key: currency, scope: "col", ...number }, currency)),
          h("th", { scope: "col" }, "It means"),
        ),
      ),
      h(
        "tbody",
        null,
        lines.map(({ state, payables, amounts }) =>
          h(
            "tr",
            { key: state },
            h(
              "th",
              { scope: "row" },
              h(
                "button",
                {
                  type: "button",
                  "aria-pressed": choice.states.includes(state),
                  onClick: () => choose(withState(choice, state)),
                },
                h(StateMark, { state }),
              ),
            ),
            h("td", number, numberText(payables)),
            amounts.map((amount, index) => {
              const currency = currencies[index] ?? "";
              return h(
                "td",
                { key: currency, ...number },
                amount && moneyText(amount, currency).replace(`${currency} `, ""),
              );
            }),
            h("td", null, STATES[state].meaning),
          ),
        ),
      ),
    ),
  );
}

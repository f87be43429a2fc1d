// How a state looks: plain elements, which take their looks from rules on what they stand in, because there may be many.

/** @import {State} from "./types.d.ts" */

import { STATES } from "./texts.js";

const { createElement: h } = globalThis.React;

/** Rules for what holds marks. */
export const MARKS = {
  "& [data-state]": {
    display: "inline-block",
    borderRadius: "full",
    px: 2,
    fontWeight: "medium",
    whiteSpace: "nowrap",
  },
  ...Object.fromEntries(
    Object.entries(STATES).map(([state, { palette }]) => [
      `& [data-state=${state}]`,
      { bg: `${palette}.subtle`, color: `${palette}.fg` },
    ]),
  ),
};

/** @param {{ state: State }} props A sign and a word. */
export function StateMark({ state }) {
  const { label, sign } = STATES[state];
  return h("span", { "data-state": state }, h("span", { "aria-hidden": true }, `${sign} `), label);
}

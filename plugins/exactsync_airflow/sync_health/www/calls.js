// The calls that Exact allows: how much of the day is used in each company, beside how much of the day is over.

/** @import {Budget, Company} from "./types.d.ts" */

import { chosenZone, momentText } from "../../accounting_setup/www/times.js";
import { companyText, countText, numberText } from "../../accounting_setup/www/words.js";

const { createElement: h } = globalThis.React;
const { Box } = globalThis.ChakraUI;

const DAY_MS = 86_400_000;

const LOOKS = {
  "& table": { borderCollapse: "collapse", minW: "full" },
  "& th, & td": { textAlign: "start", p: 2, borderBottomWidth: 1, fontWeight: "normal", overflowWrap: "anywhere" },
  "& thead th": { fontWeight: "medium" },
  "& td:nth-of-type(1)": { minW: "14rem" },
  "& small": { display: "block", color: "fg.muted", textStyle: "xs" },
  "& [role=meter]": {
    position: "relative",
    h: 3,
    my: 1,
    borderWidth: 1,
    borderColor: "fg.subtle",
    borderRadius: "sm",
    overflow: "hidden",
  },
  "& [data-part]": { position: "absolute", insetBlock: 0 },
  "& [data-part=used]": { insetInlineStart: 0, bg: { base: "brand.solid", _dark: "brand.400" } },
  "& [data-part=reserved]": {
    insetInlineEnd: 0,
    bgImage: "repeating-linear-gradient(45deg, currentColor 0 1px, transparent 1px 4px)",
    color: "fg.muted",
  },
  "& [data-part=now]": { w: "2px", bg: "fg", outlineWidth: "1px", outlineStyle: "solid", outlineColor: "bg.panel" },
};

/**
 * How full a company's day is, as shares of 1.
 *
 * @param {Budget} budget
 * @param {string} now
 * @returns {{ used: number, reserved: number, over: number | null }} over: how much of the day is; null: not known.
 */
export function gauge({ day, reserved }, now) {
  const share = (/** @type {number} */ calls) => (day.limit ? Math.min(1, Math.max(0, calls / day.limit)) : 0);
  const left = day.resets_at === null ? null : (Date.parse(day.resets_at) - Date.parse(now)) / DAY_MS;
  return {
    used: share(day.used),
    reserved: share(reserved),
    over: left === null ? null : Math.min(1, Math.max(0, 1 - left)),
  };
}

/**
 * @param {Budget} budget
 * @returns {string} what is left for syncs, e.g. "4,627 left for syncs".
 */
export function leftText({ day, reserved }) {
  const left = day.limit - reserved - day.used;
  return left > 0 ? `${numberText(left)} left for syncs` : "used up for syncs";
}

/**
 * @param {Budget} budget
 * @returns {string} what is left for people and exports, e.g. "250 calls kept for exports and Accounting setup".
 */
export function keptText({ day, reserved }) {
  const left = Math.max(0, Math.min(reserved, day.limit - day.used));
  const what = left < reserved ? `${countText(left, "call")} left` : `${countText(left, "call")} kept`;
  return `${what} for exports and Accounting setup`;
}

/** @param {{ companies: Company[], now: string }} props */
export function Calls({ companies, now }) {
  return h(
    Box,
    { role: "region", "aria-label": "Calls to Exact Online", tabIndex: 0, overflowX: "auto", css: LOOKS },
    h(
      "table",
      { "aria-label": "Calls to Exact Online, by company" },
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          ["Company", "Today", "This minute", "Begins anew"].map((name) => h("th", { key: name, scope: "col" }, name)),
        ),
      ),
      h(
        "tbody",
        null,
        companies.map((company) =>
          h(
            "tr",
            { key: company.division },
            h("th", { scope: "row" }, companyText(company)),
            company.budget
              ? h(Used, { budget: company.budget, of: companyText(company), now })
              : h("td", { colSpan: 3 }, "No call was made yet."),
          ),
        ),
      ),
    ),
  );
}

/** @param {{ budget: Budget, of: string, now: string }} props */
function Used({ budget, of, now }) {
  const { day, minute, is_shared: isShared } = budget;
  const text = `${numberText(day.used)} of ${numberText(day.limit)}`;
  const at = day.resets_at && momentText(day.resets_at, chosenZone(globalThis.localStorage));
  return [
    h(
      "td",
      { key: "day" },
      `${text}, ${leftText(budget)}`,
      h(Meter, { budget, label: `Calls today, ${of}`, text, now }),
      h("small", null, keptText(budget)),
      isShared && h("small", null, "Others use the app, too."),
    ),
    h("td", { key: "minute" }, `${numberText(minute.used)} of ${numberText(minute.limit)}`),
    h("td", { key: "anew" }, at ? h("time", { dateTime: day.resets_at }, at) : "With the next call"),
  ];
}

/** @param {{ budget: Budget, label: string, text: string, now: string }} props */
function Meter({ budget, label, text, now }) {
  const { used, reserved, over } = gauge(budget, now);
  const percent = (/** @type {number} */ share) => `${(100 * share).toFixed(1)}%`;
  return h(
    "div",
    {
      role: "meter",
      "aria-label": label,
      "aria-valuemin": 0,
      "aria-valuemax": budget.day.limit,
      "aria-valuenow": Math.min(budget.day.used, budget.day.limit),
      "aria-valuetext": `${text}, ${leftText(budget)}`,
    },
    h("span", { "data-part": "used", style: { width: percent(used) } }),
    h("span", { "data-part": "reserved", style: { width: percent(reserved) } }),
    over !== null && h("span", { "data-part": "now", style: { insetInlineStart: percent(over) } }),
  );
}

// The payables, one below the other: what each is, where it stands, why, and what can be done. Plain elements, which take
// their looks from rules on the list: fifty payables made of Chakra's components would take a second to draw.

/** @import {Child} from "../../accounting_setup/www/airflow.d.ts" */
/** @import {Action, Company, Payable} from "./types.d.ts" */

import { safeHref } from "../../accounting_setup/www/api.js";
import { chosenZone, distanceText, momentText } from "../../accounting_setup/www/times.js";
import { companyText, dateText } from "../../accounting_setup/www/words.js";
import { Details } from "./history.js";
import { MARKS, StateMark } from "./marks.js";
import { moneyText } from "./money.js";
import { ACTIONS, KINDS, editText, remedyOf } from "./texts.js";

const { createElement: h } = globalThis.React;
const { Box } = globalThis.ChakraUI;

const COLUMNS = { base: "minmax(0, 1fr)", lg: "minmax(0, 4fr) minmax(0, 3fr) minmax(0, 6fr)" };

const LOOKS = {
  textStyle: "sm",
  listStyleType: "none",
  outline: "none",
  "& > li": { borderTopWidth: 1, py: 3, overflowWrap: "anywhere" },
  "& [data-columns]": { display: "grid", gridTemplateColumns: COLUMNS, columnGap: 6, rowGap: 2 },
  "& p": { maxW: "70ch" },
  "& small, & summary, & dt": { color: "fg.muted", textStyle: "xs" },
  "& small": { display: "block" },
  "& strong": { fontWeight: "semibold" },
  "& [data-amount]": { fontVariantNumeric: "tabular-nums" },
  "& [data-edited]": { color: "fg.warning" },
  "& a": { color: "fg.info", textDecoration: "underline" },
  "& [data-actions]": { display: "flex", flexWrap: "wrap", gap: 2, mt: 2 },
  "& button": { cursor: "pointer", borderWidth: 1, borderColor: "fg.subtle", borderRadius: "sm", px: 2, py: 1 },
  "& button:hover": { bg: "bg.muted" },
  "& summary": { cursor: "pointer", py: 1, w: "fit-content" },
  "& dl": { display: "grid", gridTemplateColumns: "repeat(auto-fill, minmax(min(100%, 13rem), 1fr))", gap: 2, py: 1 },
  "& dd": { m: 0 },
  "& ol": { listStyleType: "none", borderInlineStartWidth: 2, ps: 3, mt: 1, display: "grid", gap: 2 },
  ...MARKS,
};

/**
 * @param {{
 *   payables: Payable[],
 *   companies: Company[],
 *   now: string,
 *   mayAct: boolean,
 *   ask: (payable: Payable, action: Action) => void,
 * }} props ask: a person wants to do something about a payable.
 */
export function List({ payables, companies, now, mayAct, ask }) {
  const names = new Map(companies.map((company) => [company.division, companyText(company)]));
  return h(
    Box,
    { as: "ul", css: LOOKS, "aria-label": "Payables" },
    payables.map((payable) =>
      h(
        "li",
        { key: `${payable.source} ${payable.id}` },
        h(
          "div",
          { "data-columns": "" },
          h(What, { payable, company: payable.division === null ? "" : (names.get(payable.division) ?? "") }),
          h(Where, { payable, now }),
          h("div", null, h(Why, { payable, now }), mayAct && h(Actions, { payable, ask })),
        ),
        h(Details, { payable, now }),
      ),
    ),
  );
}

/** @param {Payable} payable @returns {string} what a person calls it. */
export function nameOf({ counterparty, number, currency, amount }) {
  return [counterparty, number, moneyText(amount, currency)].filter(Boolean).join(", ");
}

/** @param {{ payable: Payable, company: string }} props */
function What({ payable, company }) {
  const { counterparty, number, description, kind, currency, amount, entry_date: day } = payable;
  return h(
    "div",
    null,
    h("strong", null, counterparty),
    h("div", { "data-amount": "" }, moneyText(amount, currency)),
    h("small", null, [KINDS[kind], number, dateText(day)].filter(Boolean).join(" · ")),
    description && h("small", null, description),
    company && h("small", null, company),
  );
}

/** @param {{ payable: Payable, now: string }} props */
function Where({ payable, now }) {
  const { state, updated_at: at, is_edited: isEdited, task_url: taskUrl } = payable;
  const exact = momentText(at, chosenZone(globalThis.localStorage));
  return h(
    "div",
    null,
    h(StateMark, { state }),
    h("small", null, h("time", { dateTime: at, title: exact }, distanceText(at, now))),
    taskUrl && h("small", null, outLink(taskUrl, "Its task in Airflow")),
    isEdited && h("small", { "data-edited": "" }, `▲ ${editText(state)}`),
  );
}

/** @param {{ payable: Payable, now: string }} props What is in the way and what to do about it; or what it has become. */
function Why({ payable, now }) {
  const { reasons, message, look_at: lookAt, entry_number: entry, link } = payable;
  const remedy = reasons.length ? null : remedyOf(payable);
  const number = entry === null ? "the entry" : `entry ${entry}`;
  return [
    payable.entry_id !== null &&
      h("p", { key: "entry" }, link ? outLink(link, `Open ${number} at Exact Online`, true) : `It is ${number}.`),
    reasons.map((reason, index) =>
      h("p", { key: index }, reason.message, reason.remedy && h("small", null, `What to do: ${reason.remedy}`)),
    ),
    message && h("p", { key: "message" }, message),
    remedy && h("p", { key: "remedy" }, h("small", null, `What to do: ${remedy}`)),
    lookAt && h("p", { key: "again" }, h("small", null, `Taken up again ${distanceText(lookAt, now)}.`)),
  ];
}

/** @param {{ payable: Payable, ask: (payable: Payable, action: Action) => void }} props */
function Actions({ payable, ask }) {
  if (!payable.actions.length) return null;
  const name = nameOf(payable);
  return h(
    "div",
    { "data-actions": "", role: "group", "aria-label": `Actions for ${name}` },
    payable.actions.map((action) =>
      h(
        "button",
        {
          key: action,
          type: "button",
          "aria-label": `${ACTIONS[action].label}: ${name}`,
          onClick: () => ask(payable, action),
        },
        ACTIONS[action].label,
      ),
    ),
  );
}

/**
 * @param {string} href
 * @param {Child} text
 * @param {boolean} [isNewTab]
 */
export function outLink(href, text, isNewTab = false) {
  const target = isNewTab && { target: "_blank", rel: "noopener noreferrer" };
  return h("a", { href: safeHref(href), ...target }, text);
}

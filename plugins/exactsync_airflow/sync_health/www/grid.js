// The grid: a company in each line, an entity in each column. Up to a thousand cells, so these are plain elements, which
// take their looks from rules on the table: one component of Chakra's for each would take a second to draw.

/** @import {Company, DataSet, Entity, Standing} from "./types.d.ts" */

import { safeHref } from "../../accounting_setup/www/api.js";
import { chosenZone, distanceText, momentText } from "../../accounting_setup/www/times.js";
import { companyText, countText } from "../../accounting_setup/www/words.js";
import { REMARKS, STANDINGS, troubleText } from "./standing.js";

const { createElement: h } = globalThis.React;
const { Box } = globalThis.ChakraUI;

const FIRST_COLUMN = { base: "8.5rem", md: "13rem" };

const COLOURS = Object.fromEntries(
  Object.entries(STANDINGS).map(([standing, { palette }]) => [
    `& [data-standing=${standing}]`,
    { bg: `${palette}.subtle`, color: `${palette}.fg` },
  ]),
);

const LOOKS = {
  textStyle: "sm",
  "& table": { borderCollapse: "separate", borderSpacing: 0, minW: "full" },
  "& th, & td": {
    textAlign: "start",
    verticalAlign: "top",
    px: 1.5,
    py: 2,
    borderBottomWidth: 1,
    borderColor: "border",
    fontWeight: "normal",
    minW: "6rem",
  },
  "& thead th": { fontWeight: "medium", verticalAlign: "bottom" },
  "& th:first-of-type": {
    position: "sticky",
    insetInlineStart: 0,
    bg: "bg.panel",
    w: FIRST_COLUMN,
    minW: FIRST_COLUMN,
    maxW: FIRST_COLUMN,
    overflowWrap: "anywhere",
    zIndex: 1,
  },
  "& small": { display: "block", color: "fg.muted", textStyle: "xs", overflowWrap: "anywhere" },
  "& [data-standing]": {
    display: "inline-block",
    borderRadius: "full",
    px: 2,
    fontWeight: "medium",
    whiteSpace: "nowrap",
  },
  "& a[data-standing]": { textDecoration: "underline" },
  ...COLOURS,
};

/**
 * @param {{ companies: Company[], entities: Entity[], columns: number[], now: string }} props
 *   columns: which of the entities to show, by their numbers.
 */
export function Grid({ companies, entities, columns, now }) {
  return h(
    Box,
    { role: "region", "aria-label": "Companies and their data sets", tabIndex: 0, overflowX: "auto", css: LOOKS },
    h(
      "table",
      { "aria-label": "How each data set stands" },
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          h("th", { scope: "col" }, "Company"),
          columns.map((column) => h("th", { key: column, scope: "col" }, entities[column]?.label)),
        ),
      ),
      h(
        "tbody",
        null,
        companies.map((company) => h(Line, { key: company.division, company, entities, columns, now })),
      ),
    ),
  );
}

/** @param {{ company: Company, entities: Entity[], columns: number[], now: string }} props */
function Line({ company, entities, columns, now }) {
  return h(
    "tr",
    null,
    h(
      "th",
      { scope: "row" },
      companyText(company),
      h("small", null, company.connection),
      h("small", null, h("strong", null, troubleText(company))),
    ),
    columns.map((column) => {
      const set = company.data_sets[column];
      const of = `${entities[column]?.label}, ${companyText(company)}`;
      return h("td", { key: column }, set && h(Cell, { set, of, now }));
    }),
  );
}

/** @param {{ set: DataSet, of: string, now: string }} props of: what the cell is about, for who hears its link alone. */
function Cell({ set, of, now }) {
  const { standing, rows, published_at: at, quarantined } = set;
  return [
    h(StandingMark, { key: "standing", standing, href: set.task_url, of }),
    standing !== "inactive" &&
      h(
        "small",
        { key: "age" },
        at
          ? h(
              "time",
              { dateTime: at, title: momentText(at, chosenZone(globalThis.localStorage)) },
              distanceText(at, now),
            )
          : "never read",
      ),
    standing !== "inactive" && rows !== null && h("small", { key: "rows" }, countText(rows, "row")),
    quarantined > 0 && h("small", { key: "quarantined" }, `${countText(quarantined, "record")} in quarantine`),
    ...REMARKS.map(({ of, text }) => set[of] > 0 && h("small", { key: of }, text(set[of]))),
  ];
}

/** @param {{ standing: Standing, href: string | null, of: string }} props A sign and a word; a link where a task read it. */
function StandingMark({ standing, href, of }) {
  const { label, sign } = STANDINGS[standing];
  const looks = { "data-standing": standing };
  const content = [h("span", { key: "sign", "aria-hidden": true }, `${sign} `), label];
  if (!href) return h("span", looks, content);
  return h("a", { ...looks, href: safeHref(href), "aria-label": `${label}: ${of}. Open its task` }, content);
}

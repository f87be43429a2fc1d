// Rows changed, day by day: three strips of bars, one below the other, so that no colour has to be told from another; and
// the numbers as a table.

/** @import {Company, SyncHealth} from "./types.d.ts" */

import { DataTable, Muted, More, Paragraph } from "../../accounting_setup/www/components.js";
import { countText, numberText } from "../../accounting_setup/www/words.js";

const { createElement: h } = globalThis.React;
const { Box } = globalThis.ChakraUI;

const KINDS = /** @type {const} */ ([
  ["inserted", "Inserted"],
  ["updated", "Updated"],
  ["deleted", "Deleted"],
]);
const BAR = 14;
const GAP = 6;
const HEIGHT = 36;
const LEAST = 2;

/** @typedef {{ day: string, inserted: number, updated: number, deleted: number }} Day */

/**
 * Sum up what changed in these companies, day by day; days without a change are there, too.
 *
 * @param {Pick<SyncHealth, "days" | "changes">} health
 * @param {readonly Pick<Company, "division">[]} companies
 * @returns {Day[]}
 */
export function byDay({ days, changes }, companies) {
  const wanted = new Set(companies.map(({ division }) => division));
  const sums = new Map(days.map((day) => [day, { day, inserted: 0, updated: 0, deleted: 0 }]));
  for (const change of changes) {
    const sum = sums.get(change.day);
    if (!sum || !wanted.has(change.division)) continue;
    for (const [kind] of KINDS) sum[kind] += change[kind];
  }
  return [...sums.values()];
}

/**
 * How high the bars of one strip are: the highest fills it, and what is not nothing can be seen.
 *
 * @param {readonly number[]} counts
 * @returns {number[]}
 */
export function heights(counts) {
  const most = Math.max(...counts, 1);
  return counts.map((count) => (count ? Math.max(LEAST, Math.round((HEIGHT * count) / most)) : 0));
}

/** @param {string} day @returns {string} e.g. "22 Nov". */
export function dayText(day) {
  const options = /** @type {const} */ ({ day: "numeric", month: "short", timeZone: "UTC" });
  return new Intl.DateTimeFormat("en-GB", options).format(new Date(`${day}T00:00:00Z`));
}

/** @param {{ days: Day[] }} props */
export function Changes({ days }) {
  const total = days.reduce((sum, day) => sum + day.inserted + day.updated + day.deleted, 0);
  if (!total) return h(Paragraph, { isMuted: true }, `Nothing has changed within the last ${days.length} days.`);
  return [
    h(
      Box,
      { key: "strips", display: "flex", flexWrap: "wrap", columnGap: 8, rowGap: 3 },
      KINDS.map(([kind, label]) => h(Strip, { key: kind, label, days, counts: days.map((day) => day[kind]) })),
    ),
    h(
      More,
      { key: "numbers", summary: "The same in numbers" },
      h(DataTable, {
        label: "Rows changed by day",
        columns: ["Day (UTC)", ...KINDS.map(([, label]) => label)],
        rows: days.toReversed().map((day) => ({
          key: day.day,
          cells: [dayText(day.day), ...KINDS.map(([kind]) => numberText(day[kind]))],
        })),
      }),
    ),
  ];
}

/** @param {{ label: string, days: Day[], counts: number[] }} props */
function Strip({ label, days, counts }) {
  const width = days.length * (BAR + GAP) - GAP;
  const sum = counts.reduce((all, count) => all + count, 0);
  const most = Math.max(...counts);
  const text = `${label}: ${countText(sum, "row")}${most ? `, at most ${numberText(most)} a day` : ""}`;
  return h(
    Box,
    { as: "figure", m: 0 },
    h("figcaption", null, text),
    h(
      Box,
      { asChild: true, color: { base: "brand.solid", _dark: "brand.400" }, maxW: "full" },
      h(
        "svg",
        { width, height: HEIGHT + 2, viewBox: `0 0 ${width} ${HEIGHT + 2}`, role: "img", "aria-label": text },
        h("line", { x1: 0, x2: width, y1: HEIGHT + 1, y2: HEIGHT + 1, stroke: "currentColor", strokeWidth: 1 }),
        heights(counts).map((height, index) =>
          h(
            "rect",
            { key: index, x: index * (BAR + GAP), y: HEIGHT - height, width: BAR, height, fill: "currentColor" },
            h("title", null, `${dayText(days[index]?.day ?? "")}: ${numberText(counts[index] ?? 0)}`),
          ),
        ),
      ),
    ),
    h(Muted, null, `${dayText(days[0]?.day ?? "")} to ${dayText(days.at(-1)?.day ?? "")}`),
  );
}

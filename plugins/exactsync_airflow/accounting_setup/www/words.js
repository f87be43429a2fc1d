// Numbers and names in words, the same on every page.

const NUMBER = new Intl.NumberFormat("en-GB");
const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" });

/** @param {number} number @returns {string} e.g. "1,204". */
export function numberText(number) {
  return NUMBER.format(number);
}

/** @param {number} number @param {string} one @param {string} [many] @returns {string} e.g. "1,204 rows". */
export function countText(number, one, many = `${one}s`) {
  return `${NUMBER.format(number)} ${number === 1 ? one : many}`;
}

/** @param {string} day without a time: "2026-11-22" @returns {string} e.g. "22 Nov 2026". */
export function dateText(day) {
  return DAY.format(new Date(`${day}T00:00:00Z`));
}

/** @param {{ division: number, name: string }} company @returns {string} as people tell companies apart. */
export function companyText({ division, name }) {
  return name ? `${division} · ${name}` : String(division);
}

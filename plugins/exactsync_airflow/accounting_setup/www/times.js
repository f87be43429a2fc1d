// Moments and spans, in words, in the time zone that a person chose in Airflow.

const UNITS = /** @type {const} */ ([
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
]);

const LIFE_DAYS = 30;
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "always" });

/**
 * @param {string} iso
 * @param {string | undefined} zone an IANA name; without one, the browser's.
 * @returns {string} e.g. "22 Nov 2026, 19:20".
 */
export function momentText(iso, zone) {
  const options = /** @type {const} */ ({ dateStyle: "medium", timeStyle: "short" });
  try {
    return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone }).format(new Date(iso));
  } catch {
    return new Intl.DateTimeFormat("en-GB", options).format(new Date(iso));
  }
}

/**
 * @param {string} iso
 * @param {string} now the server's clock: this machine's may be wrong.
 * @returns {string} e.g. "3 hours ago", "in 5 minutes".
 */
export function distanceText(iso, now) {
  const seconds = (Date.parse(iso) - Date.parse(now)) / 1000;
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length) return RELATIVE.format(Math.trunc(seconds / length), unit);
  }
  return seconds > 0 ? "in a moment" : "just now";
}

/**
 * Say how long a consent would last if it were never used again.
 *
 * @param {number | null} days
 * @returns {string | null} null where there is no consent.
 */
export function lapseText(days) {
  if (days === null) return null;
  if (days <= 0) return "any moment now";
  return days === 1 ? "in 1 day" : `in ${days} days`;
}

/**
 * Say whether it is used: once a day it should be.
 *
 * @param {number | null} days
 * @returns {string}
 */
export function keptText(days) {
  const idle = LIFE_DAYS - (days ?? LIFE_DAYS);
  return idle > 2 ? `Nothing has refreshed it for ${idle} days.` : "Kept alive daily, by itself.";
}

/**
 * Read the time zone that Airflow's UI keeps for its user.
 *
 * @param {Pick<Storage, "getItem">} storage
 * @returns {string | undefined}
 */
export function chosenZone(storage) {
  try {
    const kept = JSON.parse(storage.getItem("timezone") ?? "null");
    return typeof kept === "string" ? kept : undefined;
  } catch {
    return undefined;
  }
}

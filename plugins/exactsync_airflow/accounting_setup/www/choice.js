// Choosing companies: which can be chosen, why not the others, and finding one among hundreds.

/** @import {Company} from "./types.d.ts" */

/**
 * Say why a company cannot be chosen; null if it can. A chosen one can always be let go.
 *
 * @param {Company} company
 * @param {string} connection the name of the connection that is choosing
 * @returns {string | null}
 */
export function obstacle(company, connection) {
  if (company.taken_by && company.taken_by !== connection)
    return `Already synced by the connection ${company.taken_by}.`;
  if (!company.is_permitted) return "This app is not permitted for it at Exact Online.";
  return company.problem;
}

/**
 * Tell whether a company's box can be ticked or unticked.
 *
 * @param {Company} company
 * @param {string} connection
 */
export function isChoosable(company, connection) {
  return company.is_chosen || obstacle(company, connection) === null;
}

/**
 * Find companies by code, name, country or customer; every word must occur somewhere.
 *
 * @param {readonly Company[]} companies
 * @param {string} text
 * @returns {Company[]}
 */
export function found(companies, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return companies.filter((company) => {
    const where = [company.division, company.name, company.country, company.customer].join(" ").toLowerCase();
    return words.every((word) => where.includes(word));
  });
}

/**
 * @param {Company} company
 * @returns {string} e.g. "1000001 · Demo Holding".
 */
export function companyText({ division, name }) {
  return `${division} · ${name}`;
}

/**
 * @param {number} chosen
 * @param {number} total
 * @returns {string}
 */
export function chosenText(chosen, total) {
  return `${chosen} of ${total} ${total === 1 ? "company" : "companies"} chosen`;
}

/**
 * @param {Company} company
 * @returns {string} e.g. "NL · Customer: Demo Group B.V. · Active".
 */
export function aboutText({ country, customer, status }) {
  return [country, customer && `Customer: ${customer}`, status].filter(Boolean).join(" · ");
}

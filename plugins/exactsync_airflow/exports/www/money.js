// Amounts in words: exact, whatever their size, because they never become numbers.

/** @import {State, Total} from "./types.d.ts" */

const MOST_DIGITS = 4;

/**
 * @param {string} amount a decimal number.
 * @param {string} currency its code; anybody may have written it.
 * @returns {string} e.g. "EUR 1,204.50", with as many digits as the currency has, and more where the amount does.
 */
export function moneyText(amount, currency) {
  const digits = /** @type {const} */ ({ style: "currency", currencyDisplay: "code", currency });
  try {
    const format = new Intl.NumberFormat("en-GB", { ...digits, maximumFractionDigits: MOST_DIGITS });
    return format.format(/** @type {Intl.StringNumericLiteral} */ (amount)).replace(/\u00a0/g, " ");
  } catch {
    return `${currency} ${amount}`;
  }
}

/**
 * Lay totals out as a table.
 *
 * @param {readonly Total[]} totals
 * @param {readonly State[]} states in this order.
 * @returns {{ currencies: string[], lines: { state: State, payables: number, amounts: (string | null)[] }[] }}
 *   lines: of the states that there are; amounts: by currency.
 */
export function laidOut(totals, states) {
  const currencies = [...new Set(totals.map(({ currency }) => currency))].sort();
  const lines = states
    .map((state) => ({ state, own: totals.filter((total) => total.state === state) }))
    .filter(({ own }) => own.length)
    .map(({ state, own }) => ({
      state,
      payables: own.reduce((sum, { payables }) => sum + payables, 0),
      amounts: currencies.map((currency) => own.find((total) => total.currency === currency)?.amount ?? null),
    }));
  return { currencies, lines };
}

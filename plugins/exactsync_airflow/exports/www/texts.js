// What the page says: of states, of what can be done, and of what there is to do.

/** @import {Action, Kind, Payable, State} from "./types.d.ts" */

/**
 * A word, a sign for who cannot tell colours apart, and one of Airflow's own colours; first what waits for a person.
 *
 * @type {Readonly<Record<State, { label: string, sign: string, palette: string, meaning: string }>>}
 */
export const STATES = {
  blocked: { label: "Blocked", sign: "■", palette: "warning", meaning: "Nothing was sent: mend what it says first." },
  failed: {
    label: "Failed",
    sign: "✕",
    palette: "failed",
    meaning: "Refused by Exact Online, or without a usable receipt; it is not booked.",
  },
  in_doubt: {
    label: "In doubt",
    sign: "?",
    palette: "deferred",
    meaning: "Sent, and not known to be booked as it was sent.",
  },
  prepared: { label: "Prepared", sign: "◌", palette: "queued", meaning: "The next export takes it." },
  exporting: { label: "Exporting", sign: "▶", palette: "running", meaning: "On its way right now." },
  sent_back: { label: "Sent back", sign: "↩", palette: "none", meaning: "It waits to be changed where it comes from." },
  exported: { label: "Exported", sign: "✓", palette: "success", meaning: "Booked at Exact Online." },
  exported_manually: {
    label: "Exported manually",
    sign: "✎",
    palette: "success",
    meaning: "Booked, as a person says.",
  },
};

/** @type {Readonly<Record<Kind, string>>} */
export const KINDS = {
  invoice: "Invoice",
  card: "Card",
  expense_claim: "Expense claim",
  credit_note: "Credit note",
};

/**
 * @type {Readonly<Record<Action, { label: string, done: string, meaning: string[] }>>}
 *   meaning: what comes of it, said before it is done.
 */
export const ACTIONS = {
  retry: {
    label: "Retry",
    done: "it is tried again.",
    meaning: [
      "The next export checks it anew, and sends it if it passes.",
      "What may have reached Exact Online already is looked for first: nothing is booked twice.",
    ],
  },
  send_back: {
    label: "Send back",
    done: "sent back.",
    meaning: [
      "It stays out of exports until it was changed where it comes from, or somebody retries it here.",
      "Your reason goes with it.",
    ],
  },
  mark_exported: {
    label: "Mark as exported",
    done: "marked as exported manually.",
    meaning: ["It is never sent again. This cannot be undone.", "Do so only if it is booked at Exact Online."],
  },
  book_anyway: {
    label: "Book anyway",
    done: "the next export books it.",
    meaning: [
      "It is booked beside the payable that it looks like, with the same supplier, number and amount.",
      "Do so only if it is another purchase: compare the two invoices first.",
    ],
  },
};

/**
 * Say what a person can do about a payable whose reasons do not say so themselves.
 *
 * @param {Pick<Payable, "state" | "look_at" | "reference">} payable
 * @returns {string | null} null: nothing.
 */
export function remedyOf({ state, look_at: lookAt, reference }) {
  if (state === "failed") return "Mend what it says, then retry.";
  if (state === "sent_back") return "Change it where it comes from: it comes back by itself.";
  if (state !== "in_doubt") return null;
  return lookAt
    ? "Nothing: it is looked for at Exact Online before anything is sent."
    : `Look for the reference ${reference} at Exact Online, and do what is said above.`;
}

/**
 * @param {State} state
 * @returns {string} what became of an edit that came too late.
 */
export function editText(state) {
  return state === "exported" || state === "exported_manually"
    ? "Edited after it was exported. It is not sent again: correct the entry at Exact Online."
    : "Edited while it was on its way. If it turns out to be booked, correct the entry at Exact Online.";
}

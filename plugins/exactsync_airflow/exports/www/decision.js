// What a person decides about a payable: asked with what it means, and for the reason, which is kept.

/** @import {Ref} from "../../accounting_setup/www/airflow.d.ts" */
/** @import {Action, Payable, State} from "./types.d.ts" */

import { call } from "../../accounting_setup/www/api.js";
import { Bullets, Column, Paragraph } from "../../accounting_setup/www/components.js";
import { Question, TextInput } from "../../accounting_setup/www/controls.js";
import { ProblemNotice } from "../../accounting_setup/www/problem.js";
import { useWork } from "../../accounting_setup/www/working.js";
import { nameOf } from "./list.js";
import { ACTIONS } from "./texts.js";

const { createElement: h, useEffect, useState } = globalThis.React;

/** @typedef {{ payable: Payable, action: Action }} Asked */

/**
 * @param {{
 *   asked: Asked | null,
 *   returnTo: Ref<HTMLElement | null>,
 *   onDone: (said: string) => void,
 *   onNo: () => void,
 * }} props onDone: it is decided; said: what to tell of it.
 */
export function Decision({ asked, returnTo, onDone, onNo }) {
  const { isBusy, problem, run } = useWork();
  const [why, setWhy] = useState("");
  const [isMissing, setMissing] = useState(false);
  useEffect(() => {
    setWhy("");
    setMissing(false);
  }, [asked]);
  const decide = () => {
    if (!asked) return;
    setMissing(!why.trim());
    if (!why.trim()) return;
    const { payable, action } = asked;
    void run(async () => {
      const body = { source: payable.source, id: payable.id, action, why: why.trim() };
      await /** @type {Promise<{ state: State }>} */ (call("POST", "exports/decisions", { body }));
      onDone(`${nameOf(payable)}: ${ACTIONS[action].done}`);
    });
  };
  const { label, meaning } = asked ? ACTIONS[asked.action] : { label: "", meaning: [] };
  return h(
    Question,
    {
      isOpen: !!asked,
      title: `${label}?`,
      yes: label,
      isDanger: asked?.action === "mark_exported" || asked?.action === "book_anyway",
      isBusy,
      returnTo,
      onYes: decide,
      onNo,
    },
    asked &&
      h(
        Column,
        { gap: 4 },
        h(Paragraph, null, nameOf(asked.payable)),
        h(Bullets, { items: meaning }),
        h(TextInput, {
          label: "Why?",
          value: why,
          onChange: setWhy,
          help: "Kept in the payable's history, with your name.",
          error: isMissing ? "Say why." : null,
        }),
        h(ProblemNotice, { problem }),
      ),
  );
}

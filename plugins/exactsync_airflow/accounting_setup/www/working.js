// What takes time: a change that the server is asked for, and looking again and again.

/** @import {Problem} from "./types.d.ts" */

import { problemOf } from "./api.js";

const BUSY_MS = 10_000;
const IDLE_MS = 30_000;
const LATEST_MS = 240_000;

const { useCallback, useEffect, useRef, useState } = globalThis.React;

/**
 * Run one change at a time, and keep what went wrong with the last.
 *
 * @returns {{ isBusy: boolean, problem: Problem | null, run: (change: () => Promise<unknown>) => Promise<void> }}
 */
export function useWork() {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState(/** @type {Problem | null} */ (null));
  const run = useCallback(async (/** @type {() => Promise<unknown>} */ change) => {
    setBusy(true);
    setProblem(null);
    try {
      await change();
    } catch (error) {
      setProblem(problemOf(error));
    } finally {
      setBusy(false);
    }
  }, []);
  return { isBusy, problem, run };
}

/**
 * Say in how many milliseconds to look again at what is only watched; null: not until the person comes back.
 *
 * @param {{ failures: number, isHidden: boolean, isBusy: boolean }} situation isBusy: something is under way.
 * @returns {number | null}
 */
export function pace({ failures, isHidden, isBusy }) {
  if (isHidden) return null;
  if (failures) return Math.min(IDLE_MS * 2 ** failures, LATEST_MS);
  return isBusy ? BUSY_MS : IDLE_MS;
}

/**
 * Load something now, and again whenever `next` says; while the page is hidden, never.
 *
 * @template T
 * @param {() => Promise<T>} load
 * @param {(situation: { value: T | null, failures: number, isHidden: boolean }) => number | null} next in milliseconds.
 * @param {unknown} key what is looked at: another key starts anew.
 * @returns {{ value: T | null, problem: Problem | null, look: () => Promise<void> }}
 *   value: the last that came. problem: of the last attempt. look: load at once.
 */
export function usePolling(load, next, key) {
  const [value, setValue] = useState(/** @type {T | null} */ (null));
  const [problem, setProblem] = useState(/** @type {Problem | null} */ (null));
  const current = useRef({ load, next });
  const look = useRef(async () => {});
  current.current = { load, next };
  useEffect(() => {
    let timer = 0;
    let turn = 0; // an answer that a later look has overtaken is dropped
    let failures = 0;
    /** @type {T | null} */
    let latest = null;
    const lookNow = async () => {
      const own = ++turn;
      clearTimeout(timer);
      try {
        const loaded = await current.current.load();
        if (own !== turn) return;
        [latest, failures] = [loaded, 0];
        setValue(loaded);
        setProblem(null);
      } catch (error) {
        if (own !== turn) return;
        failures += 1;
        setProblem(problemOf(error));
      }
      lookLater();
    };
    const lookLater = () => {
      clearTimeout(timer);
      const delay = current.current.next({ value: latest, failures, isHidden: document.hidden });
      if (delay !== null) timer = setTimeout(lookNow, delay);
    };
    const lookAgain = () => void (document.hidden ? lookLater() : lookNow());
    look.current = lookNow;
    setValue(null);
    void lookNow();
    document.addEventListener("visibilitychange", lookAgain);
    return () => {
      turn = -1;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", lookAgain);
    };
  }, [key]);
  return { value, problem, look: useCallback(() => look.current(), []) };
}

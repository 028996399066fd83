/** A plan that was being computed when the tab was closed: its settings, kept where the browser keeps such things. */
import type { Settings } from './settings.js';

const KEY = 'respine: planning';

export function begun(settings: Settings): void {
  attempt(() => localStorage.setItem(KEY, JSON.stringify(settings)));
}

export function ended(): void {
  attempt(() => localStorage.removeItem(KEY));
}

/** The settings of a plan that never ended; once. */
export function unfinished(): Settings | undefined {
  const text = attempt(() => localStorage.getItem(KEY));
  ended();
  return text == null ? undefined : (attempt(() => JSON.parse(text) as Settings) ?? undefined);
}

/** Where the browser keeps nothing, nothing is kept. */
function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

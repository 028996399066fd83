/** How the planner and a thread reach each other: made by the page, so that it carries nothing of the library. */
import type { ThreadLink } from './messages.js';

/** Bytes of the longest answer. */
export const LONGEST = 1 << 20;

/** The planner's end, and the port that the thread's has in its place. */
export function createLink(): { readonly link: ThreadLink; readonly port: MessagePort } {
  const { port1, port2 } = new MessageChannel();
  const state = new Int32Array(new SharedArrayBuffer(8));
  return { link: { port: port1, state, answer: new Uint8Array(new SharedArrayBuffer(LONGEST)) }, port: port2 };
}

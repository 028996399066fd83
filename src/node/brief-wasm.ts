/**
 * A WebAssembly module for brief use: V8 compiles its functions as it meets them, and optimises only what runs for seconds.
 *
 * V8 optimises a function that has run through a budget of some million bytes of code, on threads of its own. For the two
 * seconds in which resvg draws the pictures of a plan that costs more than it saves: 1.7 s of CPU instead of 1.0 s.
 */
import { setFlagsFromString } from 'node:v8';

/** Some fifty pictures. */
const LONG_BUDGET = 2_000_000_000;
/** V8's own in Node 20. */
const USUAL_BUDGET = 1_800_000;

/**
 * Compiles a module with a long budget. A module keeps the budget that it was compiled with, so that others are not touched;
 * where V8 does not know the flag it is without effect.
 */
export function compileBriefly(bytes: Uint8Array): WebAssembly.Module {
  setFlagsFromString(`--wasm-tiering-budget=${LONG_BUDGET}`);
  try {
    return new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
  } finally {
    setFlagsFromString(`--wasm-tiering-budget=${USUAL_BUDGET}`);
  }
}

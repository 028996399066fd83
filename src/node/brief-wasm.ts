/**
 * A WebAssembly module for brief use: V8 compiles its functions as it meets them, and optimises only what runs for seconds.
 *
 * V8 optimises a function that has run through a budget of some million bytes of code, on threads of its own. For the two
 * seconds in which resvg draws the pictures of a plan that costs more than it saves: 1.7 s of CPU instead of 1.0 s. Functions are
 * validated as they are met, too: of resvg's 2.5 MB a figure needs a part.
 */
import { setFlagsFromString } from 'node:v8';

/** Some fifty pictures. */
const LONG_BUDGET = 2_000_000_000;
/** V8's own in Node 20. */
const USUAL_BUDGET = 1_800_000;

/**
 * Compiles a module that is known to be valid, with a long budget. A module keeps the budget that it was compiled with, so that others are not touched;
 * where V8 does not know the flag it is without effect.
 */
export function compileBriefly(bytes: Uint8Array): WebAssembly.Module {
  setFlagsFromString(`--wasm-tiering-budget=${LONG_BUDGET}`);
  setFlagsFromString('--wasm-lazy-validation');
  try {
    return new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
  } finally {
    setFlagsFromString('--no-wasm-lazy-validation');
    setFlagsFromString(`--wasm-tiering-budget=${USUAL_BUDGET}`);
  }
}

/** Imported first, as the library computes tables while it loads. */
import { takeOver } from './same-math.js';

takeOver();
// The page's policy forbids to compile code from a text, which zod would try once.
Object.assign(globalThis, { __zod_globalConfig: { jitless: true } });

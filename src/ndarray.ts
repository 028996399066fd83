// biome-ignore-all assist/source/organizeImports: the order is the reader's, not the alphabet's.
/**
 * Volumes as ndarrays and back, for `ndarray-ops` and programs of one's own. `ndarray` compiles its constructors at run time: nothing
 * else of respine imports it, so that all the rest runs where a page forbids that.
 */

export { asNdarray, volumeOfNdarray, doseOfNdarray } from './io/ndarray-view.js';

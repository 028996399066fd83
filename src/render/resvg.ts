/**
 * resvg, of which the build makes a file that does not know `Request` and `Response`: it asks of its WebAssembly whether it is one, and
 * Node loads its HTTP client for that question, 35 ms.
 */
export { initWasm, Resvg } from '@resvg/resvg-wasm';

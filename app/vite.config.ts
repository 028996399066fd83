/** Builds the page: one classic script, with its worker inside, a style sheet and the decoders' scripts, so that it runs from a folder too. */
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import { defineConfig, type Plugin } from 'vite';
import { decoders } from './decoders.js';

/** The operator, which is not the opening of a comment. */
const POWER = /[\w)\]] ?\*\* ?[\w(-]/;

/** `a ** b` as Math.pow(a, b), which src/planning/same-math.ts computes: nothing else of the language is lowered. */
const powers: Plugin = {
  name: 'powers',
  enforce: 'post',
  async transform(code, id) {
    if (!/\.[jt]sx?$/.test(id.split('?')[0]!) || !POWER.test(code)) return null;
    const lowered = await transform(code, {
      supported: { 'exponent-operator': false },
      loader: 'js',
      target: 'es2022',
    });
    return { code: lowered.code, map: null };
  },
};

/** A classic script at the end of the page: modules do not load from a folder. */
const classic: Plugin = {
  name: 'classic',
  enforce: 'post',
  transformIndexHtml: (html) =>
    html.replace(/<script type="module"( crossorigin)?/g, '<script defer').replaceAll(' crossorigin', ''),
};

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  plugins: [decoders, powers, classic],
  worker: { format: 'iife', plugins: () => [powers], rolldownOptions: { output: { codeSplitting: false } } },
  build: {
    outDir: fileURLToPath(new URL('../dist-app', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    // Else the style would be put in by the script, which the policy forbids.
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    rolldownOptions: { output: { format: 'iife', codeSplitting: false } },
  },
});

/** The rasteriser starts without Node's HTTP client, and leaves the process as it was. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

const program = `
  import { loadRasterizer } from ${JSON.stringify(new URL('../../dist/node/font.js', import.meta.url).href)};
  const kinds = () => ['Request', 'Response'].map((name) => typeof Object.getOwnPropertyDescriptor(globalThis, name).get);
  const before = kinds();
  await loadRasterizer();
  const after = kinds();
  // Only now is it loaded.
  const isThere = new Response('a') instanceof Response && typeof Request === 'function' && new Request('http://a/') instanceof Request;
  console.log(JSON.stringify({ before, after, isThere, text: await new Response('b').text() }));
`;

test('loading it asks for no HTTP class, and the classes are there afterwards', () => {
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  const lazy = ['function', 'function'];
  expect(JSON.parse(out)).toEqual({ before: lazy, after: lazy, isThere: true, text: 'b' });
});

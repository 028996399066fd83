/** The rasteriser starts without Node's HTTP client. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

const program = `
  import { loadRasterizer } from ${JSON.stringify(new URL('../../dist/node/font.js', import.meta.url).href)};
  const asked = [];
  for (const name of ['Request', 'Response']) {
    const { get, ...rest } = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { ...rest, get() { asked.push(name); return get.call(this); } });
  }
  await loadRasterizer();
  const before = [...asked];
  console.log(JSON.stringify({ before, isThere: new Response('a') instanceof Response, asked }));
`;

test('loading it asks for no HTTP class', () => {
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  expect(JSON.parse(out)).toEqual({ before: [], isThere: true, asked: ['Response'] });
});

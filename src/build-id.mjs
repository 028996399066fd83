// Writes dist/build.json: a hash of the programs that this build is of, the same for every build of the same sources. Usage: npm run build, last
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const pathOf = (name) => fileURLToPath(new URL(name, import.meta.url));

// By the sources that there are: dist may hold what earlier ones left.
const sources = readdirSync(pathOf('.'), { recursive: true, encoding: 'utf8' })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => /(?<!\.d|\.as)\.ts$/.test(name) && !name.startsWith('page/'));
const programs = [...sources.map((name) => name.replace(/ts$/, 'js')), 'page/assets.json'].sort();
const hash = createHash('sha256');
for (const name of programs)
  hash
    .update(`${name}\0`)
    .update(readFileSync(pathOf(`../dist/${name}`)))
    .update('\0');
writeFileSync(pathOf('../dist/build.json'), `${JSON.stringify({ id: hash.digest('hex').slice(0, 12) })}\n`);

/**
 * The generated parts of docs/: the command line's help, the fields of the requests and their schemas, as the program has them, and
 * the reference of the library in docs/api, as its declarations have it.
 *
 *     npm run docs [-- DIR]      DIR: results of `npm run plan`, whose pictures become those of the README, of
 *                                `respine validate --out DIR`, whose tables become those of docs/validation.md, or of
 *                                `npm run phantoms -- --out DIR`, whose table becomes that of docs/phantoms.md
 */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { apiPages } from './docs/api-pages.js';
import { fillPage, fillPages } from './docs/pages.js';
import { shrinkPicture } from './docs/picture.js';
import { validationParts } from './docs/validation-parts.js';

const folder = new URL('../docs/', import.meta.url);
await mkdir(new URL('schema/', folder), { recursive: true });
for (const [name, { was, is }] of await fillPages(folder)) {
  if (was !== is) await writeFile(new URL(name, folder), is);
  console.log(`docs/${name}: ${was === is ? 'as it was' : 'made anew'}`);
}

const pages = apiPages(fileURLToPath(new URL('..', import.meta.url)));
const api = new URL('api/', folder);
await mkdir(api, { recursive: true });
for (const name of await readdir(api)) if (!pages.has(name)) await rm(new URL(name, api));
for (const [name, page] of pages) await writeFile(new URL(name, api), page);
console.log(`docs/api: ${pages.size} pages`);

const results = process.argv[2];
if (results !== undefined) {
  const { plan, validation } = { plan: join(results, 'compare_axial.png'), validation: join(results, 'validation.md') };
  if (existsSync(plan)) {
    await writeFile(new URL('reference.png', folder), shrinkPicture(await readFile(plan), 880));
    await copyFile(join(results, 'dvh.png'), new URL('dvh.png', folder));
  }
  const phantoms = join(results, 'phantoms.md');
  if (existsSync(phantoms)) {
    const page = new URL('phantoms.md', folder);
    const day = (await stat(phantoms)).mtime.toISOString().slice(0, 10);
    const table = `Of ${day}:\n\n${(await readFile(phantoms, 'utf8')).trim()}`;
    await writeFile(page, fillPage(await readFile(page, 'utf8'), new Map([['all-phantoms', table]])));
  }
  if (existsSync(validation)) {
    const page = new URL('validation.md', folder);
    const parts = validationParts(await readFile(validation, 'utf8'), (await stat(validation)).mtime);
    await writeFile(page, fillPage(await readFile(page, 'utf8'), parts));
    await copyFile(join(results, 'slab_lung.png'), new URL('slab_lung.png', folder));
  }
}

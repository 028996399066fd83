/**
 * The generated parts of docs/: the command line's help and the fields of the requests, as the program has them.
 *
 *     npm run docs [-- DIR]      DIR: results of `npm run plan`, whose pictures become those of the README
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fillPages } from './docs/pages.js';
import { shrinkPicture } from './docs/picture.js';

const folder = new URL('../docs/', import.meta.url);
for (const [name, { was, is }] of await fillPages(folder)) {
  if (was !== is) await writeFile(new URL(name, folder), is);
  console.log(`docs/${name}: ${was === is ? 'as it was' : 'made anew'}`);
}

const results = process.argv[2];
if (results !== undefined) {
  const axial = await readFile(join(results, 'compare_axial.png'));
  await writeFile(new URL('reference.png', folder), shrinkPicture(axial, 880));
  await writeFile(new URL('dvh.png', folder), await readFile(join(results, 'dvh.png')));
  console.log('docs/reference.png, docs/dvh.png: made anew');
}

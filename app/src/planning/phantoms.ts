/** The built-in phantoms, as data. */

import { InvalidInputError } from '../../../dist/core/errors.js';
import { type PhantomSpec, parsePhantom } from '../../../dist/index.js';
import slabBone from '../../../phantoms/slab-bone.json';
import slabLung from '../../../phantoms/slab-lung.json';
import c5 from '../../../phantoms/spine-c5.json';
import l3 from '../../../phantoms/spine-l3.json';
import t4 from '../../../phantoms/spine-t4.json';
import t8 from '../../../phantoms/spine-t8.json';
import t12 from '../../../phantoms/spine-t12.json';
import cShape from '../../../phantoms/tg119-c-shape.json';
import water from '../../../phantoms/water-box.json';

const all: readonly { readonly name: string }[] = [t8, t4, c5, t12, l3, cShape, water, slabLung, slabBone];

/** @throws {InvalidInputError} where there is none of that name */
export function phantomNamed(name: string): PhantomSpec {
  const found = all.find((phantom) => phantom.name === name);
  if (found !== undefined) return parsePhantom(found);
  throw new InvalidInputError(`There is no phantom "${name}", but ${all.map((p) => p.name).join(', ')}. Choose one.`);
}

/**
 * A spine as a phantom file of one's own: without what every plan takes the DVH of and few tests speak of, as lungs, heart and aorta,
 * which cost more than the plan itself.
 */
import { readFileSync } from 'node:fs';

const spine = JSON.parse(readFileSync(new URL('../../phantoms/spine-t8.json', import.meta.url), 'utf8'));

export const leanPhantom = {
  ...spine,
  length: 90,
  parts: spine.parts.filter(({ name }: { name: string }) => ['External', 'Esophagus'].includes(name)),
};

/** A record of a plan is refused unless it is one: what a hash does not hold, as where both were edited, is held by the file's form. */
import { expect, test } from 'vitest';
import { decodeFluence } from '../../src/io/fluence-file.js';

const fluence = { x: [-5, 0, 5], y: [-5, 5], weights: [1, 2] };
const field = { name: 'G180', gantry: 180, collimator: 0, couch: 0, monitorUnits: 3, fluence };
const certificate = {
  objective: 'f',
  value: 1,
  lowerBound: 0.9,
  gap: 0.1,
  isConvex: true,
  violation: { limit: 'cap', amount: -1, row: 3 },
  prices: [{ limit: 'cap', price: 1, active: [{ row: 3, price: 1 }] }],
};
const outcome = {
  status: 'reached',
  objective: 1,
  evaluations: 3,
  prescriptionDose: 39.6,
  uncovered: [],
  largestDifference: 0,
  certificate,
};
const plan = {
  technique: 'imrt',
  isocenter: [0, 0, 0],
  scale: 1,
  fields: [field],
  organVoxels: [{ structure: 'Esophagus', runs: [[4, 2]] }],
  outcome,
};
const whole = { format: 'respine fluence 1', notice: 'n', ...plan };

test('a record is read', () => {
  expect(decodeFluence(JSON.stringify(whole)).fields[0]!.fluence).toEqual(fluence);
});

const { fluence: _, ...bare } = field;
const organ = (...runs: [number, number][]) => ({ organVoxels: [{ structure: 'Esophagus', runs }] });
const certified = (more: object) => ({ outcome: { ...outcome, certificate: { ...certificate, ...more } } });
test.each<[string, object, RegExp]>([
  ['a field without either', { fields: [bare] }, /"G180" must have either "fluence" or "aperture"/],
  [
    'edges that fall',
    { fields: [{ ...field, fluence: { ...fluence, x: [5, 0, -5] } }] },
    /"G180" has edges of pixels that do not rise/,
  ],
  [
    'too few weights',
    { fields: [{ ...field, fluence: { ...fluence, weights: [1] } }] },
    /"G180" has 1 weights for 2 pixels/,
  ],
  ['a run without end', organ([0, 1e15]), /"Esophagus" has the run \[0, 1000000000000000\]/],
  ['more voxels than a grid has', organ([0, 3e8]), /"Esophagus" has the run \[0, 300000000\]/],
  [
    'runs one over the other, which together are more than a grid',
    organ([0, 9e7], [0, 9e7]),
    /has the run \[0, 90000000\]/,
  ],
  ['a price that is none', certified({ prices: [{}] }), /outcome\.certificate: is no certificate/],
  ['a price null', certified({ prices: [null] }), /is no certificate/],
  ['no bound', certified({ lowerBound: undefined }), /is no certificate/],
  ['the same in the nominal plan', { nominal: { ...plan, ...organ([0, 3e8]) } }, /has the run/],
])('%s is refused', (_name, more, said) => {
  const read = () => decodeFluence(JSON.stringify({ ...whole, ...more }), 'fluence_imrt.json');
  expect(read).toThrow(said);
  expect(read).toThrow(/^fluence_imrt\.json: [^\n]{1,380}$/);
});

/** What the fields of the requests mean: the words beside the tables that their schemas give (docs/case.md). */
import type { Notes } from './schema-table.js';

const within = (prefix: string, notes: Notes): Notes =>
  Object.fromEntries(Object.entries(notes).map(([path, note]) => [prefix + path, note]));

const angles: Notes = {
  '[].gantry': 'Degrees, IEC 61217; 180 is posterior of a patient HFS.',
  '[].collimator': 'Degrees. By default 0.',
  '[].couch': 'Degrees. By default 0.',
};
const bank: Notes = {
  '.name': 'Of a bank of your own, for messages.',
  '.boundaries': 'Leaf edges, mm, from -Y upward.',
  '.reach': 'How far from the axis a leaf end can be, mm. By default 200.',
  '.overtravel': 'How far past the axis, mm.',
  '.transmission': 'Fraction of the open fluence. By default 0.',
};
const rectangle: Notes = {
  '.x1': 'mm in the isocentre plane.',
  '.x2': 'mm.',
  '.y1': 'mm.',
  '.y2': 'mm.',
};
const transmission: Notes = {
  transmission: 'Fractions of the open fluence that closed areas let through: see [Collimators](#collimators).',
  'transmission.jaws': 'By default 0, as the kernel is fitted to fields whose jaws leaked already.',
  'transmission.leaves': 'By default that of the leaf bank; uniform leaves have none.',
};
const doseModel: Notes = {
  doseModel:
    'How matter that is not water counts, and what the dose is given to: [How it works](how-it-works.md#which-dose).',
  'doseModel.heterogeneity': '`density` scales the kernel with the densities that it has crossed, `depth` depth alone.',
  'doseModel.medium':
    '`engine`: water of the electron density of the voxel; `medium`: the tissue; `water`: a little water in it.',
};
const transform: Notes = {
  transform:
    'From the frame of that course into the one of the plan or sum: path of a DICOM registration, or in numbers. By default the frames are the same.',
  'transform.translation': 'mm.',
  'transform.rotation': 'Degrees about x, then y, then z.',
  'transform.center': 'Point about which it turns, mm.',
  'transform.matrix': '16 numbers by rows; rigid.',
};
const doseFile: Notes = {
  plan: 'RTPLAN of the dose file: tells the fractions.',
  extent: 'What the values of the file are the total of, where it does not say.',
  gyPerUnit: 'What 1 stands for, Gy, where the file says `RELATIVE`.',
  ...transform,
};

/** CASE.json */
export const caseNotes: Notes = {
  name: 'For titles and tables.',
  patient: 'A phantom, or a CT with its structures. Paths are relative to the file.',
  'patient.phantom': 'Name of a built-in phantom ([phantoms](../phantoms/README.md)), or a .json file.',
  'patient.target': 'Sectors of the vertebra that are the CTV. By default `horseshoe`.',
  'patient.side': 'Of the lesion. By default `left`.',
  'patient.spacing': 'x, y, z of the voxels, mm. By default that of `doseGrid`.',
  'patient.ptvMargin': 'PTV = CTV + this, mm. By default 3.',
  'patient.cordCrop': 'Taken off the PTV: cord + this, mm. By default 2.',
  'patient.parameters': 'Changed measures of the phantom, by dotted path.',
  'patient.noise': 'Gaussian noise on the CT numbers; the densities stay exact.',
  'patient.noise.sd': 'HU.',
  'patient.noise.seed': 'The same seed gives the same noise.',
  'patient.ct': 'Folder with the CT slices.',
  'patient.structures': 'RTSTRUCT file.',
  'patient.seriesUid': 'Which CT, where the folder holds several.',
  'patient.rename': 'Names as drawn to names as used: `{ "Myelon": "SpinalCord" }`.',
  'patient.roles': 'Role by structure, in place of the one in the file.',
  'patient.densityOverrides': 'Electron density relative to water, by structure.',
  'patient.hounsfieldTable': 'Pairs of HU and electron density relative to water.',
  'patient.findExternal':
    'Find the body where no external contour is drawn: the largest object denser than air, its holes filled.',
  'patient.externalThreshold': 'From which value on that is body, HU.',
  target: 'Structure by name.',
  cord: 'Structure by name. By default `SpinalCord`, else `CaudaEquina`.',
  prescription: 'What the target gets.',
  'prescription.dose': 'Total of the course, Gy.',
  'prescription.fractions': 'Number of fractions.',
  'prescription.to': 'What the dose is the value of.',
  prior: 'One course or a list of them; `null` for none: [Retreatment](retreatment.md).',
  'prior.dose': 'Total Gy: of `region`, or of the reference point of `fields`.',
  'prior.fractions': 'Number of fractions.',
  'prior.months': 'Since its end.',
  'prior.region': 'Structure that received it, and nothing else did. By default every structure.',
  'prior.fields': 'Simulated on the same patient from simple fields.',
  'prior.fields.beams': '`ap-pa`, `posterior-1`, `posterior-2`, or a list of angles.',
  ...within('prior.fields.beams', angles),
  'prior.fields.width': 'Of every field at the isocentre, across, mm.',
  'prior.fields.length': 'The same, along the spine, mm.',
  'prior.fields.isocenter': 'LPS, mm. By default that of this plan.',
  'prior.fields.reference': 'Point that received `dose`, every beam the same; LPS, mm. By default their isocentre.',
  'prior.file': 'RTDOSE or NRRD: a physical dose, or an EQD2 or BED as `accumulate` writes it.',
  'prior.beyond':
    'Beyond the grid of the file the dose is unknown (refused where the cord is), or there was none. By default `missing`.',
  ...within('prior.', doseFile),
  retreatment: 'How it is judged and bounded: [Retreatment](retreatment.md).',
  'retreatment.level':
    "Decides alpha/beta in Nieder's score (2 Gy; 4 Gy lumbar) and which limits apply. By default that of the phantom, else `thoracic`.",
  'retreatment.tolerance': 'EQD2 that the cord tolerates without a prior course, for the conventions, Gy.',
  'retreatment.recovery': 'Convention that the voxelwise bounds credit, by name or with a table of its own.',
  'retreatment.recovery.convention': 'Which of them the table is for.',
  'retreatment.recovery.table': 'Pairs of months and the share forgotten, or the factor.',
  'retreatment.omit': 'Built-in limits that are left out, by name.',
  'retreatment.limits': 'Further limits, judged as the built-in ones are.',
  'retreatment.limits[].name': 'As it is printed.',
  'retreatment.limits[].structure': 'That it is stated for.',
  'retreatment.limits[].metric': 'What it bounds.',
  'retreatment.limits[].courses': 'This course, all, each of them, or the share of this in all.',
  'retreatment.limits[].quantity': 'Its scale.',
  'retreatment.limits[].alphaBeta': 'Gy.',
  'retreatment.limits[].limit': 'Gy in its scale; percent (below 100) of a share.',
  'retreatment.limits[].fractions': 'Fewest and most that its source states it for.',
  'retreatment.limits[].role': 'Decides, or stands beside.',
  'retreatment.limits[].source':
    '`{ citation, doi, evidence, note }`; `evidence` is `found`, `recalled`, `computed` or `assumed`.',
  'retreatment.bounds':
    "Voxelwise and hard, of any organ. By default HyTEC's 25 Gy (this course) and 70 Gy (both) EQD2 on the cord after a prior course, else none; `[]` means none.",
  'retreatment.bounds[].structure': 'By name.',
  'retreatment.bounds[].limit':
    '[A limit by name](retreatment.md#limits-by-name), which brings its own numbers; or the next three.',
  'retreatment.bounds[].courses': 'Of this course, or of all.',
  'retreatment.bounds[].eqd2': 'Gy EQD2.',
  'retreatment.bounds[].alphaBeta': 'Gy.',
  'retreatment.bounds[].source': 'Where the number comes from; printed.',
  'retreatment.bounds[].metric': '`Max`, the only one that a voxel can have.',
  'retreatment.position': 'Rigid shifts under which the cumulative maximum is told; `null` for none.',
  'retreatment.position.search': 'Semi-axes of the ellipsoid that is searched, mm.',
  'retreatment.position.priorSd': 'Systematic set-up error of the prior course, standard deviations, mm.',
  'retreatment.position.sd': 'The same of the new course, mm.',
  'retreatment.clinical':
    'For the report: `site`, `histology`, `intent`, `priorDates`, `priorTechnique`, `priorTarget`, `priorToxicity`, `imageGuidance`, `followUp`, `toxicityScale`, ...',
  alphaBeta: 'Gy.',
  'alphaBeta.cord': 'Of cord, sac and cauda equina.',
  'alphaBeta.target': 'Only asked for where fractionations are compared; no default.',
  cordCap:
    'Gy of this course, on every voxel of the cord and on points of its surface. By default 29.8; the result lists every constraint in force with its origin.',
  machine: 'Built in, or a machine .json that `commission` wrote.',
  ...doseModel,
  isocenter: 'LPS, mm. By default the centre of mass of the target, to 0.1 mm.',
  doseGrid: 'What is computed, exported and drawn: [Which grid a number is of](grids.md).',
  'doseGrid.spacing': 'x, y, z, mm.',
  'doseGrid.planning':
    'How far apart planning points in target and cord may lie, mm: a coarser dose grid gets a finer one for the two.',
  fcrt: 'Conformal fields, one weight each.',
  'fcrt.beams': 'Name of an arrangement, or a list of angles.',
  ...within('fcrt.beams', angles),
  'fcrt.margin': 'From the target to the leaf ends, mm.',
  'fcrt.leafWidth': 'Of uniform leaves, mm; `mlc` takes its place.',
  'fcrt.mlc': 'Name of a leaf bank, or one of your own: see [Collimators](#collimators).',
  ...within('fcrt.mlc', bank),
  'fcrt.conform':
    'Where leaf ends stand: nothing of target and margin is covered (`outside`), half is (`midway`), nothing outside is open (`touching`).',
  ...within('fcrt.', transmission),
  'fcrt.cordShield': 'Closes the leaves over the cord.',
  'fcrt.hold': 'What stands firm where cap and prescription cannot both be met.',
  imrt: 'Beamlets, one weight each.',
  'imrt.beams': 'Name of an arrangement, or a list of angles.',
  ...within('imrt.beams', angles),
  'imrt.beamlet': 'Edge of the square beamlets in the isocentre plane, mm.',
  'imrt.margin': 'From the target to the outermost beamlets, mm.',
  'imrt.hold': 'As of `fcrt`.',
  'imrt.robust': "Shifts under which the cord's cap holds: [Robust plans](retreatment.md#robust-plans).",
  'imrt.robust.distance': 'Every shift of up to this, mm, at most 20. Or `shifts`.',
  'imrt.robust.shifts': 'Stated ones, LPS, mm.',
  'imrt.robust.target':
    'Where coverage counts: at the nominal place, in the mean of all scenarios, in the worst of them.',
  goals:
    'Mayo notation, or as in [GOALS.json](evaluate.md#goals-and-protocols). By default the cord cap, coverage and hot spot.',
};

/** FIELDS.json */
export const fieldsNotes: Notes = {
  name: 'For titles and tables.',
  patient:
    'A phantom or a CT with the options of CASE.json (`structures` may be left out), `{ density: NRRD, external, position }`, or `{ hounsfield: NRRD, external, position, hounsfieldTable }`.',
  machine: 'Built in, or a machine .json.',
  ...doseModel,
  grid: 'By default the own grid of the patient.',
  'grid.spacing': 'x, y, z, mm.',
  isocenter: 'LPS, mm.',
  fractions: 'Of the course that dose and monitor units are the total of.',
  ...transmission,
  beams: 'Each has one of `field`, `aperture` and `fluence`.',
  'beams[].name': 'For tables.',
  ...within('beams', angles),
  'beams[].monitorUnits': 'Total of the course; with `field` and `aperture`.',
  'beams[].field': 'A rectangle of jaws.',
  ...within('beams[].field', rectangle),
  'beams[].aperture': 'Leaves and jaws: see [Collimators](#collimators).',
  'beams[].aperture.bank': 'Name of a leaf bank, or one of your own.',
  ...within('beams[].aperture.bank', bank),
  'beams[].aperture.leaves': '[x1, x2] of every pair from -Y upward, mm. Or `openings`.',
  'beams[].aperture.openings': 'Rectangles between leaf boundaries; all other pairs are closed.',
  ...within('beams[].aperture.openings[]', rectangle),
  'beams[].aperture.jaws': 'A rectangle; without it leaves alone.',
  ...within('beams[].aperture.jaws', rectangle),
  'beams[].fluence': 'A map of beamlets.',
  'beams[].fluence.spacing': 'Edge of a beamlet, mm.',
  'beams[].fluence.beamlets': '[x, y, weight]: centre in mm, monitor units of open primary fluence.',
};

/** STUDY.json */
export const studyNotes: Notes = {
  name: 'For messages.',
  base: 'Fields of CASE.json that all runs share.',
  vary: 'Values by dotted path in CASE.json; every combination is a run.',
  cases: '`{ path: value }`: changes that belong together; multiplied with `vary`.',
  techniques: 'Every run is planned with each.',
  metrics: '`STRUCTURE METRIC`, as in goals.',
};

/** COURSES.json */
export const coursesNotes: Notes = {
  alphaBeta: 'Gy. No default, because the choice decides the answer.',
  quantity: 'What is added up.',
  reference: 'Course whose frame and grid are those of the sum. By default the last one with a file.',
  beyond: 'Beyond its grid a course is unknown (NaN, counted), or it gave nothing.',
  structures: 'RTSTRUCT, NRRD masks, or a folder of them, in the frame of the sum.',
  courses: 'At least one with a dose file.',
  'courses[].name': 'Of its own.',
  'courses[].dose': 'Path of an RTDOSE or NRRD with the physical dose, or a total in Gy that is the same everywhere.',
  'courses[].fractions': 'Where no plan or file says it.',
  'courses[].months': 'Since its end.',
  ...within('courses[].', doseFile),
};

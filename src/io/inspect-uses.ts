/** What to do with what a folder holds: commands as a shell takes them, and what CASE.json needs for them. */
import type { InspectedDose, InspectedSeries, InspectedStructureSet, Inspection } from './inspection.js';

type Content = Omit<Inspection, 'problems' | 'uses'>;
type Use = Inspection['uses'][number];

/** Every combination that a command takes, the nearest to a plan first. */
export function usesOf(content: Content): Use[] {
  return [...plans(content), ...recomputations(content), ...evaluations(content), ...ofNrrd(content)];
}

function plans(content: Content): Use[] {
  return content.structureSets.flatMap((set) =>
    content.series.filter((series) => isDrawnOn(set, series)).flatMap((series) => plansOf(set, series, content)),
  );
}

const isRead = ({ structures }: InspectedStructureSet): boolean => structures.some(({ volumeCc }) => volumeCc !== null);

const isDrawnOn = (
  set: InspectedStructureSet,
  { modality, orientation, hounsfield, patient, frame, folders }: InspectedSeries,
): boolean =>
  isRead(set) &&
  modality === 'CT' &&
  orientation === 'axial' &&
  hounsfield !== null &&
  patient === set.patient &&
  frame !== undefined &&
  frame === set.frame &&
  folders.length === 1;

/** Without a prior course, and over each dose that may be one. */
function plansOf(set: InspectedStructureSet, series: InspectedSeries, content: Content): Use[] {
  const [ct] = series.folders as [string, ...string[]];
  const isAlone = content.series.every(
    (other) => other === series || other.modality !== 'CT' || !other.folders.includes(ct),
  );
  const patient = { ct, structures: set.file, ...(!isAlone && { seriesUid: series.uid }) };
  const targets = set.structures.filter(({ role }) => role === 'target').map(({ name }) => name);
  const target = targets.find((name) => /^ptv/i.test(name)) ?? targets[0];
  const asked = { patient, ...(target !== undefined && { target }) };
  const what = `plan on ${ct} with the structures of ${set.file}`;
  const command = 'respine plan CASE.json --out out';
  const priors = content.doses
    .filter((dose) => dose.patient === set.patient)
    .flatMap((dose) => priorOf(dose, set, content));
  return [
    { what, command, case: { ...asked, prior: null } },
    ...priors.map((prior) => ({
      what: `the same over the dose of ${prior.file} as a prior course; set what is "?"`,
      command,
      case: { ...asked, prior },
    })),
  ];
}

/** A dose as that of a prior course: in the frame of the structures, or taken there by a registration. */
function priorOf(
  dose: InspectedDose,
  set: InspectedStructureSet,
  content: Content,
): ({ file: string } & Record<string, unknown>)[] {
  if (dose.maximum === null || dose.type === 'EFFECTIVE' || dose.frame === undefined || set.frame === undefined)
    return [];
  const transform = content.registrations.find(({ to, from }) => {
    const frames = [to, ...from];
    return frames.includes(dose.frame) && frames.includes(set.frame);
  });
  if (dose.frame !== set.frame && transform === undefined) return [];
  const plan = planFileOf(dose, content);
  return [
    {
      file: dose.file,
      ...(plan === undefined ? { fractions: '?' } : { plan }),
      months: '?',
      ...(!isCourse(dose) && { extent: '?' }),
      ...(dose.units === 'RELATIVE' && { gyPerUnit: '?' }),
      ...(dose.frame !== set.frame && { transform: transform!.file }),
    },
  ];
}

const isCourse = ({ summation }: InspectedDose): boolean => summation === 'PLAN' || summation === 'MULTI_PLAN';

/** The plan that a dose refers to, where it says in how many fractions. */
const planFileOf = (dose: InspectedDose, { links, plans }: Content): string | undefined =>
  links.find(
    ({ from, means, to, isThere }) =>
      from === dose.file && means === 'dose of' && isThere && plans.find(({ file }) => file === to)?.fractions != null,
  )?.to;

/** Photon plans with the structures that they refer to and the CT that these are drawn on. */
function recomputations({ plans: all, structureSets, series, links }: Content): Use[] {
  return all
    .filter(({ radiation, fields }) => fields > 0 && radiation.every((kind) => kind === 'PHOTON'))
    .flatMap((plan) => {
      const drawn = structureSets.filter((set) =>
        links.some(({ from, to, isThere }) => from === plan.file && to === set.file && isThere),
      );
      return drawn.flatMap((set) =>
        series
          .filter((one) => isDrawnOn(set, one))
          .map(({ folders }): Use => {
            const words = [
              `--plan ${quoted(plan.file)}`,
              `--ct ${quoted(folders[0]!)}`,
              `--structures ${quoted(set.file)}`,
            ];
            return {
              what: `the dose of ${plan.file}, computed anew`,
              command: `respine dose ${words.join(' ')} --out recomputed.nrrd`,
            };
          }),
      );
    });
}

function evaluations(content: Content): Use[] {
  return content.doses.flatMap((dose) =>
    structuresOf(dose, content).map((set): Use => {
      const plan = planFileOf(dose, content);
      const words = [
        'respine dvh',
        `--structures ${quoted(set.file)}`,
        `--dose ${quoted(dose.file)}`,
        ...(plan === undefined ? [] : [`--plan ${quoted(plan)}`]),
        ...(isCourse(dose) ? [] : ['--extent course']),
        ...(dose.units === 'RELATIVE' ? ['--gy-per-unit 1'] : []),
        ...(dose.type === 'EFFECTIVE' ? ['--quantity physical'] : []),
      ];
      return { what: `volumes, metrics and DVHs of ${set.file} in ${dose.file}`, command: words.join(' ') };
    }),
  );
}

function ofNrrd({ nrrd }: Content): Use[] {
  const folderOf = (file: string): string => file.slice(0, Math.max(0, file.lastIndexOf('/'))) || '.';
  const usable = nrrd.filter(({ grid }) => grid !== null);
  const masksBeside = (file: string): string[] =>
    usable.filter((one) => one.kind === 'mask' && folderOf(one.file) === folderOf(file)).map((one) => one.file);
  const plans = usable.flatMap(({ file, kind }): Use[] => {
    const segmentation = usable.find((one) => one.kind === 'segmentation' && folderOf(one.file) === folderOf(file));
    const masks = segmentation?.file ?? (masksBeside(file).length > 0 ? folderOf(file) : undefined);
    if (kind !== 'hounsfield' || masks === undefined) return [];
    return [
      {
        what: `plan on ${file} with the masks of ${masks}`,
        command: 'respine plan CASE.json --out out',
        case: { patient: { ct: file, masks } },
      },
    ];
  });
  const doses = usable.flatMap(({ file, kind }): Use[] => {
    const masks = masksBeside(file);
    if (kind !== 'dose' || masks.length === 0) return [];
    return [
      {
        what: `volumes, metrics and DVHs of ${masks.length} masks in ${file}`,
        command: `respine dvh --structures ${masks.map(quoted).join(' ')} --dose ${quoted(file)}`,
      },
    ];
  });
  return [...plans, ...doses];
}

/** The structures that a dose goes with: those that it refers to, by itself or by its plan, else all of its frame. */
function structuresOf(dose: InspectedDose, { structureSets, links }: Content): readonly InspectedStructureSet[] {
  if (dose.maximum === null || dose.frame === undefined) return [];
  const fitting = structureSets.filter(
    (set) => isRead(set) && set.patient === dose.patient && set.frame === dose.frame,
  );
  const from = (file: string): string[] =>
    links.filter((link) => link.from === file && link.isThere).map(({ to }) => to);
  const named = new Set([...from(dose.file), ...from(dose.file).flatMap(from)]);
  const own = fitting.filter(({ file }) => named.has(file));
  return own.length > 0 ? own : fitting;
}

/** As a shell takes it for one word. */
const quoted = (path: string): string => (/^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);

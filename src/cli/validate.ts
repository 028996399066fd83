/** `respine validate`: every comparison of the validation table, measured anew. */

import { writeAll } from '../node/files.js';
import { loadRasterizer } from '../node/font.js';
import { encodePngFast } from '../node/png.js';
import { referenceReader } from '../node/reference.js';
import { version } from '../node/version.js';
import { depthDoseFigure } from '../render/depth-dose-figure.js';
import { validateAll } from '../validate/all.js';
import { comparisonTable, isMet, marginOf } from '../validate/comparison.js';
import { slabCurves } from '../validate/slabs.js';
import { print } from './output.js';
import { startProgress } from './progress.js';

export interface ValidateOptions {
  readonly reference?: string;
  readonly out?: string;
  readonly json?: boolean;
}

const COMPARING = 'comparisons';

const slabPictures = [
  ['lung', 'density'],
  ['lung', 'depth'],
  ['bone', 'density'],
  ['bone', 'depth'],
] as const;

/** @returns the exit code: 1 where a comparison misses its limit */
export async function validateCommand(options: ValidateOptions): Promise<number> {
  const read = referenceReader(options.reference);
  const progress = startProgress('validate');
  progress.expect([{ name: COMPARING, cost: 1 }]);
  progress.stage(COMPARING);
  const sections = await validateAll(read, ({ title, done, total, part }) =>
    progress.step({ done, total, unit: 'sections', part, case: title }),
  );
  progress.end();
  const text = sections
    .map(({ title, needs, comparisons }) =>
      comparisons.length > 0
        ? `## ${title}\n\n${comparisonTable(comparisons)}`
        : `## ${title}\n\nNot run: the reference files of ${needs} are not there.`,
    )
    .join('\n\n');
  const page = `# Validation of respine ${version}\n\n${text}\n`;
  const report = {
    software: `respine ${version}`,
    sections: sections.map(({ comparisons, ...section }) => ({
      ...section,
      comparisons: comparisons.map((c) => ({ ...c, marginPercentOfLimit: marginOf(c) })),
    })),
  };
  if (options.out !== undefined) {
    const files = new Map<string, string | Uint8Array>();
    files.set('validation.md', page);
    const rasterizer = await loadRasterizer();
    for (const [name, heterogeneity] of slabPictures) {
      const fields = slabCurves(name, [20, 50, 100], read, { heterogeneity });
      if (fields.length === 0) continue;
      const svg = depthDoseFigure({
        title: `Water, ${name}, water: the engine (lines) and Monte Carlo (points)`,
        subtitle: `Parallel beam, dose on the axis of circular fields by their equivalent square; ${heterogeneity === 'depth' ? 'depth scaling alone' : 'density scaling'}`,
        kind: 'pdd',
        data: 'Monte Carlo',
        fields,
        tolerance: 2,
        footer: 'Monte Carlo: dose to medium. Machine commissioned from the Monte Carlo kernel of water.',
      });
      files.set(
        heterogeneity === 'depth' ? `slab_${name}_depth.png` : `slab_${name}.png`,
        encodePngFast(rasterizer.rasterize(svg)),
      );
    }
    const record = { ...report, files: [...files.keys(), 'validation.json'] };
    files.set('validation.json', `${JSON.stringify(record, null, 2)}\n`);
    await writeAll(options.out, files, { record: 'validation.json' });
  }
  print(options.json ? `${JSON.stringify(report, null, 2)}\n` : page);
  return sections.every(({ comparisons }) => comparisons.every(isMet)) ? 0 : 1;
}

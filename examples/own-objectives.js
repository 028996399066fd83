/** A plan that is asked for in code: constraints that hold, objectives, and one of one's own. Run: node examples/own-objectives.js */
import { optimise } from 'respine';
import { jobOf } from 'respine/node';
import { squaredOverdose } from 'respine/optimize';

const job = await jobOf({
  patient: { phantom: 'spine-t8', target: 'body' },
  doseGrid: { spacing: [6, 6, 6] },
  imrt: { delivery: 'fluence', beams: 'posterior-3', beamlet: 8 },
});
const constraints = ['Esophagus Mean <= 4Gy'];
const plain = optimise(job, { constraints });
const spared = optimise(job, {
  constraints,
  objectives: ['spine-default', { structure: 'Heart', kind: 'mean', weight: 20 }],
  // Any function of the dose with value, gradient and curvature; here one that respine has.
  further: {
    structures: ['ThecalSac'],
    objectives: (sets) => {
      const sac = sets.get('ThecalSac');
      return sac ? [squaredOverdose('sac above 20 Gy', sac, 20, 100)] : [];
    },
  },
});
for (const [name, { plans }] of Object.entries({ plain, spared })) {
  const [{ asked, structures, plan }] = plans;
  for (const { constraint, value, result } of asked)
    console.log(`${name}: ${constraint}: ${value?.toFixed(3)}, ${result}`);
  const mean = structures.find((s) => s.name === 'Heart')?.metrics['Mean[Gy]'];
  const sac = structures.find((s) => s.name === 'ThecalSac')?.metrics['D1cc[Gy]'];
  console.log(`${name}: heart mean ${mean?.toFixed(3)} Gy, sac D1cc ${sac?.toFixed(2)} Gy`);
  const { gap } = plan.solution.certificate;
  console.log(`${name}: proven within ${(100 * (gap ?? Number.NaN)).toFixed(2)} % of the best plan there is`);
}

import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'vitest';
import { readTreatmentPlan } from '/tmp/wt/i/src/io/dicom/treatment-plan-read.js';
import { encodeTreatmentPlan } from '/tmp/wt/i/src/io/dicom/treatment-plan-write.js';
import { treatPlan } from '/tmp/wt/i/src/plan/field/treated-plan.js';
import { artiste6mv } from '/tmp/wt/i/src/machine/artiste-6mv.js';
test('x', () => {
  for (const f of ['pydicom-files/rtplan', 'odd/rtplan_undeflen','odd/rtplan_bigendian','odd/rtplan_explicitlen','odd/rtplan_nometa','odd/rtplan_truncated','pydicom-files/rtplan_truncated']) {
    try {
    const p = readTreatmentPlan({ name: f, bytes: new Uint8Array(readFileSync('/work/shared/patients/' + f + '.dcm')) });
    console.log(f, p.label, p.fractionGroups, p.beams.map(b => [b.number, b.name, b.type, b.position, b.accessories, b.controlPoints.length, b.controlPoints[0]!.gantry, b.controlPoints[0]!.energy]));
    const t0=performance.now();
    const t = treatPlan(p, artiste6mv, 'HFS');
    console.log(t.notes, t.beams.map(b => [b.monitorUnits, b.kind, b.fields.length, b.fields[0]!.fluence.grid.x.length, b.fields[0]!.fluence.grid.y.length]), performance.now()-t0);
    const { uid, file } = encodeTreatmentPlan({ ...p, frameOfReferenceUid: p.frameOfReferenceUid ?? '1.2.3' }, '1.2.4');
    writeFileSync('/tmp/i-' + f.replace('/', '_') + '.dcm', file.bytes);
    } catch (e) { console.log(f, String(e)); }
  }
});

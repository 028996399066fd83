/** What constraints ask of a patient's structures, checked before anything is planned. */
import { InvalidInputError } from '../../core/errors.js';
import { toDigits } from '../../core/rounding.js';
import { isVolume } from '../../evaluate/metric.js';
import type { AskedConstraint } from '../asked/asked-constraint.js';
import { NEARLY_WHOLE } from '../patient/drawn-share.js';
import type { PatientModel } from '../patient/patient-model.js';

/**
 * @throws {InvalidInputError} for a constraint on a structure that is empty or that lies off the dose grid, or on more cc of it than there are
 */
export function checkAskedOnPatient(
  asked: readonly AskedConstraint[],
  { drawnFractions, external }: Pick<PatientModel, 'drawnFractions' | 'external'>,
): void {
  for (const one of asked) {
    const { structure, text } = one;
    const { volumeCc, onGrid } = drawnFractions.get(structure)!;
    const refuse = (why: string): never => {
      throw new InvalidInputError(`case: constraint "${text}": ${why}`);
    };
    if (!(volumeCc > 0)) refuse(`${structure} is empty. Draw it, or take the constraint out.`);
    if (onGrid < NEARLY_WHOLE && structure !== external) {
      const share = `${(100 * onGrid).toFixed(1)} %`;
      refuse(
        `only ${share} of ${structure} (${toDigits(volumeCc, 4)} cc as drawn) lies on the dose grid, so nobody can say that it holds. Load the whole CT, crop the structure, or take the constraint out.`,
      );
    }
    const cc = ccOf(one);
    // At most so much of it holds of itself.
    const isVacuous = isVolume(one.goal.metric) && one.goal.comparison.startsWith('<');
    if (cc > volumeCc && !isVacuous)
      refuse(
        `${structure} has ${toDigits(volumeCc, 4)} cc, less than the ${cc} cc that it is on. Give a smaller volume, or percent.`,
      );
  }
}

const ccOf = ({ form }: AskedConstraint): number => (form.kind === 'volume' && form.unit === 'cc' ? form.volume : 0);

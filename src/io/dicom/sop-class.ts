/** What DICOM objects are, by their SOP class. PS3.4 B.5. */
import { own } from '../../core/own.js';

export const ctImage = '1.2.840.10008.5.1.4.1.1.2';
export const enhancedCt = '1.2.840.10008.5.1.4.1.1.2.1';
export const convertedCt = '1.2.840.10008.5.1.4.1.1.2.2';
export const rtDose = '1.2.840.10008.5.1.4.1.1.481.2';

/** Whose pixels are read. */
export const imageClasses: readonly string[] = [ctImage, enhancedCt, convertedCt, rtDose];

/** One object of each kind by name, without article. */
const KINDS: Record<string, string> = {
  '1.2.840.10008.1.3.10': 'DICOMDIR',
  [ctImage]: 'CT image',
  [enhancedCt]: 'enhanced CT',
  [convertedCt]: 'enhanced CT',
  '1.2.840.10008.5.1.4.1.1.4': 'MR image',
  '1.2.840.10008.5.1.4.1.1.4.1': 'enhanced MR',
  '1.2.840.10008.5.1.4.1.1.128': 'PET image',
  '1.2.840.10008.5.1.4.1.1.20': 'nuclear medicine image',
  '1.2.840.10008.5.1.4.1.1.7': 'secondary capture',
  '1.2.840.10008.5.1.4.1.1.7.1': 'secondary capture',
  '1.2.840.10008.5.1.4.1.1.7.2': 'secondary capture',
  '1.2.840.10008.5.1.4.1.1.7.3': 'secondary capture',
  '1.2.840.10008.5.1.4.1.1.7.4': 'secondary capture',
  '1.2.840.10008.5.1.4.1.1.104.1': 'PDF',
  '1.2.840.10008.5.1.4.1.1.88.11': 'report',
  '1.2.840.10008.5.1.4.1.1.88.22': 'report',
  '1.2.840.10008.5.1.4.1.1.88.33': 'report',
  '1.2.840.10008.5.1.4.1.1.88.67': 'dose report',
  '1.2.840.10008.5.1.4.1.1.11.1': 'presentation state',
  '1.2.840.10008.5.1.4.1.1.66': 'raw data object',
  '1.2.840.10008.5.1.4.1.1.66.1': 'spatial registration',
  '1.2.840.10008.5.1.4.1.1.66.3': 'deformable registration',
  '1.2.840.10008.5.1.4.1.1.66.4': 'segmentation',
  '1.2.840.10008.5.1.4.1.1.481.1': 'RT image',
  [rtDose]: 'RT dose',
  '1.2.840.10008.5.1.4.1.1.481.3': 'RT structure set',
  '1.2.840.10008.5.1.4.1.1.481.4': 'RT treatment record',
  '1.2.840.10008.5.1.4.1.1.481.5': 'RT plan',
  '1.2.840.10008.5.1.4.1.1.481.8': 'RT ion plan',
};

/** `PDF`, `RT plan`; of a class that is not known `object of SOP class 1.2.3`. */
export const kindOf = (sopClass: string): string => own(KINDS, sopClass) ?? `object of SOP class ${sopClass}`;

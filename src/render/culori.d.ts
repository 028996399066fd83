/** What is used of culori 4, which ships no types. */
declare module 'culori/fn' {
  export interface CuloriColor {
    readonly mode: string;
    readonly r?: number;
    readonly g?: number;
    readonly b?: number;
    readonly l?: number;
    readonly a?: number;
  }
  type Filter = (color: CuloriColor) => CuloriColor;

  export const modeRgb: unknown;
  export const modeLrgb: unknown;
  export const modeLab65: unknown;
  export function useMode(mode: unknown): (color: CuloriColor | string) => Required<CuloriColor>;
  export function differenceCiede2000(): (one: CuloriColor, other: CuloriColor) => number;
  export function filterDeficiencyProt(severity: number): Filter;
  export function filterDeficiencyDeuter(severity: number): Filter;
  export function filterDeficiencyTrit(severity: number): Filter;
}

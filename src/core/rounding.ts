/** Numbers as they are told: rounded to decimals or to significant digits, and still numbers. */

/** Rounded to so many decimals, as `toFixed` does. */
export const toDecimals = (value: number, digits: number): number => Number(value.toFixed(digits));

/** Rounded to so many significant digits, as `toPrecision` does. */
export const toDigits = (value: number, digits: number): number => Number(value.toPrecision(digits));

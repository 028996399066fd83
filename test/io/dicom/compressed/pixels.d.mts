export const rows: number;
export const columns: number;
export const kinds: Record<'unsigned12' | 'signed16' | 'unsigned16', { stored: number; isSigned: boolean }>;
export function storedValue(kind: keyof typeof kinds, i: number): number;

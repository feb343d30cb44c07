import { isObject, type JsonObject, type JsonValue } from '../json.ts';

/** The request itself is not of the documented shape: said at once, with the path of the field. */
export class ShapeFault extends Error {
  readonly field: string;

  constructor(field: string, description: string) {
    super(description);
    this.field = field;
  }
}

export const readObject = (value: JsonValue | undefined, field: string): JsonObject => {
  if (isObject(value)) return value;
  throw new ShapeFault(field, 'must be an object');
};

export const readList = (value: JsonValue | undefined, field: string, most: number): readonly JsonValue[] => {
  const list = value ?? [];
  if (!Array.isArray(list)) throw new ShapeFault(field, 'must be a list');
  if (list.length > most) throw new ShapeFault(field, `size must be at most ${most}`);
  return list;
};

const longestText = 1000;

export const readName = (value: JsonValue | undefined, field: string): string => {
  if (typeof value !== 'string' || value === '') throw new ShapeFault(field, 'must not be empty');
  if (value.length > longestText) throw new ShapeFault(field, `size must be at most ${longestText}`);
  return value;
};

export const readCount = (value: JsonValue | undefined, field: string): number => {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
    throw new ShapeFault(field, 'must be a whole number');
  }
  return value;
};

/** Takes a one-of apart: the key of its only member and what it holds (CONTRACT 8). */
export const readOneOf = (
  value: JsonValue | undefined,
  field: string,
): { readonly key: string; readonly operand: JsonValue; readonly path: string } => {
  const members = Object.entries(readObject(value, field)).flatMap(([key, operand = null]) =>
    operand === null ? [] : [{ key, operand, path: `${field}.${key}` }],
  );
  const [member] = members;
  if (member === undefined || members.length > 1) {
    throw new ShapeFault(field, 'must have exactly one member');
  }
  return member;
};

import type { FieldType } from '../../collections/field-type.ts';
import type { JsonObject } from '../../json.ts';

/** A collection of the seed, its items made from their number. */
export type CollectionScript = {
  readonly id: string;
  readonly fields: Readonly<Record<string, FieldType>>;
  readonly size: number;
  readonly isReadOnly?: boolean;
  readonly item: (index: number) => JsonObject;
};

/** One of the list, in an order that does not look like counting when the step is a larger prime. */
export const oneOf = <T>(list: readonly [T, ...T[]], index: number, step = 1): T =>
  list[(index * step) % list.length] ?? list[0];

const dayMs = 86_400_000;

export const dateOf = (first: string, days: number): string =>
  new Date(Date.parse(first) + days * dayMs).toISOString().slice(0, 10);

export const instantOf = (first: string, days: number, minutes = 0): JsonObject => ({
  $date: new Date(Date.parse(first) + days * dayMs + minutes * 60_000).toISOString(),
});

/** Wholly empty at the start: what jobs move is put there. */
export const emptyCollection = (id: string): CollectionScript => ({
  id,
  fields: {},
  size: 0,
  item: () => ({}),
});

import { isList, type JsonObject, type JsonValue } from '../json.ts';

/** Protobuf shapes that some of upstream's pages describe (CONTRACT 4.2). */
export const wrappedValue = (value: JsonValue): JsonObject | null => (value === null ? null : { value });

export const timestampOf = (time: number): { readonly seconds: string; readonly nanos: number } => ({
  seconds: String(Math.floor(time / 1000)),
  nanos: (time % 1000) * 1_000_000,
});

const memberOf = (value: JsonValue): JsonObject => {
  if (value === null) return { nullValue: 'NULL_VALUE' };
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'number') return { numberValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (isList(value)) return { listValue: { values: value.map(memberOf) } };
  return { structValue: structOf(value) };
};

export const structOf = (object: JsonObject): JsonObject => ({
  fields: Object.fromEntries(Object.entries(object).map(([key, value]) => [key, memberOf(value ?? null)])),
});

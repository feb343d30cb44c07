export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

/** A member that is undefined is not written. */
export type JsonObject = { readonly [key: string]: JsonValue | undefined };

export const isList = (value: JsonValue | undefined): value is readonly JsonValue[] => Array.isArray(value);

export const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !isList(value);

export const parseJson = (text: string): JsonValue => JSON.parse(text);

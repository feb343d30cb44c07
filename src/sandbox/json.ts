export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

/** A member that is undefined is not written. */
export type JsonObject = { readonly [key: string]: JsonValue | undefined };

export const isList = (value: JsonValue | undefined): value is readonly JsonValue[] => Array.isArray(value);

export const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !isList(value);

/** Far deeper than any real value, and far from where recursion such as that of JSON.stringify overflows. */
export const deepestJson = 100;

const isDeeperThan = (levels: number, value: JsonValue | undefined): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeperThan(levels - 1, member));
};

/** Throws a SyntaxError for what is not JSON, a RangeError for what is nested too deeply. */
export const parseJson = (text: string): JsonValue => {
  const value: JsonValue = JSON.parse(text);
  if (isDeeperThan(deepestJson, value)) throw new RangeError(`nested deeper than ${deepestJson} levels`);
  return value;
};

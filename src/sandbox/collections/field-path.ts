import { isObject, type JsonObject, type JsonValue } from '../json.ts';

/** The value at a path such as `shipping.country`; a field whose own name has the dots comes first. */
export const readPath = (object: JsonObject, path: string): JsonValue | undefined => {
  if (Object.hasOwn(object, path)) return object[path];
  let value: JsonValue | undefined = object;
  for (const name of path.split('.')) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
};

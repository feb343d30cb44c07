import { isJsonObject, type JsonObject, type JsonValue } from '../../domain/json.ts';

/** Marks "not a Struct", since undefined and null are taken. */
const notStruct = Symbol('not a Struct');

const hasOnly = (object: JsonObject, name: string): boolean =>
  Object.keys(object).every((key) => key === name);

const readValue = (wrapped: JsonValue): JsonValue | typeof notStruct => {
  if (!isJsonObject(wrapped)) return notStruct;
  const [entry, ...others] = Object.entries(wrapped);
  if (entry === undefined || others.length > 0) return notStruct;
  const [kind, value] = entry;
  switch (kind) {
    case 'nullValue':
      return value === 'NULL_VALUE' || value === 0 || value === null ? null : notStruct;
    case 'stringValue':
      return typeof value === 'string' ? value : notStruct;
    case 'boolValue':
      return typeof value === 'boolean' ? value : notStruct;
    case 'numberValue':
      // protobuf's JSON writes the numbers that JSON lacks as strings
      return typeof value === 'number' || typeof value === 'string' ? value : notStruct;
    case 'structValue':
      return isJsonObject(value) ? readStruct(value) : notStruct;
    case 'listValue':
      return isJsonObject(value) ? readList(value) : notStruct;
    default:
      return notStruct;
  }
};

const readList = (list: JsonObject): JsonValue | typeof notStruct => {
  const values = list['values'] === undefined ? [] : list['values'];
  if (!Array.isArray(values) || !hasOnly(list, 'values')) return notStruct;
  const read: JsonValue[] = [];
  for (const wrapped of values) {
    const value = readValue(wrapped);
    if (value === notStruct) return notStruct;
    read.push(value);
  }
  return read;
};

const readStruct = (struct: JsonObject): JsonObject | typeof notStruct => {
  const fields = struct['fields'] === undefined ? {} : struct['fields'];
  if (!isJsonObject(fields) || !hasOnly(struct, 'fields')) return notStruct;
  const read: [string, JsonValue][] = [];
  for (const [key, wrapped] of Object.entries(fields)) {
    const value = readValue(wrapped);
    if (value === notStruct) return notStruct;
    read.push([key, value]);
  }
  return Object.fromEntries(read);
};

/**
 * The plain object that a protobuf Struct stands for. Anything that is not a Struct through and through is
 * returned as it came: user data may well have a key `fields` of its own.
 */
export const structToJson = (object: JsonObject): JsonObject => {
  if (!('fields' in object)) return object;
  const read = readStruct(object);
  return read === notStruct ? object : read;
};

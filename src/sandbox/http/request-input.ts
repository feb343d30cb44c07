import { deepestJson, isList, isObject, type JsonObject, type JsonValue, parseJson } from '../json.ts';
import { malformed } from './failure.ts';

const parseObject = (text: string, what: string): JsonObject => {
  let parsed: JsonValue;
  try {
    parsed = parseJson(text);
  } catch (error) {
    throw malformed(
      error instanceof RangeError ? `${what} is ${error.message}.` : `${what} is not valid JSON.`,
    );
  }
  if (!isObject(parsed)) throw malformed(`${what} is not a JSON object.`);
  return parsed;
};

type Leaf = { readonly path: readonly string[]; readonly value: string };

const nest = (leaves: readonly Leaf[]): JsonObject => {
  const branches = Map.groupBy(leaves, ({ path }) => path[0] ?? '');
  return Object.fromEntries(
    [...branches].map(([key, branch]): [string, JsonValue] => {
      const deeper = branch.filter(({ path }) => path.length > 1);
      if (deeper.length > 0) {
        return [key, nest(deeper.map(({ path, value }) => ({ path: path.slice(1), value })))];
      }
      const [first, ...more] = branch.map(({ value }) => value);
      return [key, more.length === 0 ? (first ?? '') : [first ?? '', ...more]];
    }),
  );
};

const lists = new Set(['$in', '$hasSome', '$and', '$or', 'sort', 'fields']);
const booleans = new Map([
  ['true', true],
  ['false', false],
]);

/** In a dotted address every value is a string, and a list of one looks like its only member. */
const retype = (key: string, value: JsonValue): JsonValue => {
  const retyped = isObject(value) ? retypeMembers(value) : value;
  if (lists.has(key) && !isList(retyped)) return [retyped];
  if (key === '$exists' && typeof retyped === 'string') return booleans.get(retyped) ?? retyped;
  return retyped;
};

const retypeMembers = (object: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, retype(key, value ?? null)]));

/** The two spellings of a GET (CONTRACT 4.3): everything in `.r` as base64url JSON, or dotted keys. */
export const inputOfSearch = (search: string): JsonObject => {
  const parameters = new URLSearchParams(search);
  const packed = parameters.get('.r');
  if (packed !== null) {
    return parseObject(Buffer.from(packed, 'base64url').toString('utf8'), "Parameter '.r'");
  }
  const leaves = [...parameters].map(([key, value]) => ({ path: key.split('.'), value }));
  if (leaves.some(({ path }) => path.length > deepestJson)) {
    throw malformed(`A parameter is nested deeper than ${deepestJson} levels.`);
  }
  return retypeMembers(nest(leaves));
};

export const inputOfBody = (body: string): JsonObject => (body === '' ? {} : parseObject(body, 'The body'));

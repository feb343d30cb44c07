import { notJson } from './translate-failure.ts';

/** Deeper than any filter or Struct, and nothing that walks a body into itself runs out of stack. */
const maxDepth = 500;

const isDeeperThan = (depth: number, value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  if (depth === 0) return true;
  if (Array.isArray(value)) return value.some((item) => isDeeperThan(depth - 1, item));
  return Object.values(value).some((member) => isDeeperThan(depth - 1, member));
};

/** The JSON of a body, undefined where there is no body, or `notJson`. */
export const parseBody = (text: string): unknown => {
  if (text.trim() === '') return undefined;
  try {
    const body: unknown = JSON.parse(text);
    return isDeeperThan(maxDepth, body) ? notJson : body;
  } catch {
    return notJson;
  }
};

import { notJson } from './translate-failure.ts';

/** Deeper than any filter or Struct, and nothing that walks a body into itself runs out of stack. */
const maxDepth = 500;

const isNestedTooDeeply = (body: unknown): boolean => {
  let level: object[] = typeof body === 'object' && body !== null ? [body] : [];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth >= maxDepth) return true;
    const next: object[] = [];
    for (const each of level) {
      for (const child of Object.values(each))
        if (typeof child === 'object' && child !== null) next.push(child);
    }
    level = next;
  }
  return false;
};

/** The JSON of a body, undefined where there is no body, or `notJson`. */
export const parseBody = (text: string): unknown => {
  if (text.trim() === '') return undefined;
  try {
    const body: unknown = JSON.parse(text);
    return isNestedTooDeeply(body) ? notJson : body;
  } catch {
    return notJson;
  }
};

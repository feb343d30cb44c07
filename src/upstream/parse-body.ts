import { notJson } from './translate-failure.ts';

/** The JSON of a body, undefined where there is no body, or `notJson`. */
export const parseBody = (text: string): unknown => {
  if (text === '' || text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return notJson;
  }
};

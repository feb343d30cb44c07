import { isUtf8 } from 'node:buffer';

export type FileFormat = 'CSV' | 'JSONL';

const blank = new Set([' ', '\t', '\r', '\n', '\uFEFF']);
const mostLeadingBlanks = 1024;

const firstCharacter = (bytes: Buffer): string =>
  [...bytes.toString('utf8', 0, mostLeadingBlanks)].find((character) => !blank.has(character)) ?? '';

/** What begins a JSON list, HTML and XML begins no table, unless it is said to be one. */
const doubtful = new Set(['[', '<']);

/** What a file is by its content: JSONL begins with an object, and any other text may be CSV. */
export const detectFormat = (bytes: Buffer, declared = 'UNKNOWN'): FileFormat | null => {
  if (!isUtf8(bytes) || bytes.includes(0)) return null;
  const first = firstCharacter(bytes);
  if (first === '' || (doubtful.has(first) && declared !== 'CSV')) return null;
  return first === '{' ? 'JSONL' : 'CSV';
};

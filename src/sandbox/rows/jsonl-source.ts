import type { JobError } from '../jobs/job.ts';
import { isObject, type JsonObject, type JsonValue, parseJson } from '../json.ts';
import type { TakeTurns } from '../turns.ts';
import type { OpenSource } from './row.ts';

const lineFeed = 0x0a;

/** The blank ones too, so that whoever goes through them can take turns. Not by node:readline, to which U+2028 inside a JSON text is a line's end too. */
const linesOf = function* (bytes: Buffer): Generator<string> {
  let start = 0;
  while (start < bytes.length) {
    const end = bytes.indexOf(lineFeed, start);
    yield bytes.toString('utf8', start, end === -1 ? bytes.length : end).trim();
    start = end === -1 ? bytes.length : end + 1;
  }
};

const parseLine = (line: string): JsonValue => {
  try {
    return parseJson(line);
  } catch {
    return null;
  }
};

const failure: JobError = { code: 'WDH0003', description: 'The line is not a JSON object.', data: null };

const contentOf = (line: string): { readonly failure: JobError } | { readonly values: JsonObject } => {
  const values = parseLine(line);
  return isObject(values) ? { values } : { failure };
};

/** One object a line; blank lines do not count. */
export const openJsonlSource = async (bytes: Buffer, takeTurns: TakeTurns): Promise<OpenSource> => {
  let total = 0;
  for (const line of linesOf(bytes)) {
    if (line !== '') total += 1;
    await takeTurns();
  }
  return {
    total,
    columns: () => [],
    rows: async function* () {
      let row = 0;
      for (const line of linesOf(bytes)) {
        await takeTurns();
        if (line === '') continue;
        row += 1;
        yield { sourceItemId: String(row), ...contentOf(line) };
      }
    },
  };
};

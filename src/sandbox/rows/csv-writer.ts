import { once } from 'node:events';
import { stringify } from 'csv-stringify';
import { cellOf } from './cell.ts';
import type { FileWriter } from './file-writer.ts';
import type { Column } from './row.ts';

export const createCsvWriter = (columns: readonly Column[]): FileWriter => {
  // A row of nothing but an empty cell would be a blank line, which readers skip.
  const stringifier = stringify({ quoted_empty: columns.length === 1 });
  const chunks: Buffer[] = [];
  let size = 0;
  stringifier.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
  });
  stringifier.write(columns.map(({ header }) => header));
  return {
    write: (values) => {
      // A column may be called as a member that every object inherits, such as `constructor`.
      stringifier.write(columns.map(({ key }) => cellOf(Object.hasOwn(values, key) ? values[key] : null)));
    },
    size: () => size,
    end: async () => {
      const ended = once(stringifier, 'end');
      stringifier.end();
      await ended;
      return Buffer.concat(chunks);
    },
  };
};

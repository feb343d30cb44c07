import { createCsvWriter } from '../rows/csv-writer.ts';
import { createJsonlWriter } from '../rows/jsonl-writer.ts';
import type { OpenSource } from '../rows/row.ts';
import { arrived, full, type OpenDestination } from './open-destination.ts';

/** The file can be had once it is whole. */
export const openFileDestination = (
  format: string,
  { columns }: OpenSource,
  mostBytes: number,
  store: (bytes: Buffer) => void,
): OpenDestination => {
  const writer = format === 'CSV' ? createCsvWriter(columns()) : createJsonlWriter();
  return {
    begin: () => undefined,
    write: (values) => {
      if (writer.size() >= mostBytes) return full('bytes', mostBytes);
      writer.write(values);
      return arrived;
    },
    end: async () => store(await writer.end()),
  };
};

import type { JobError } from '../jobs/job.ts';
import { createCsvWriter } from '../rows/csv-writer.ts';
import { createJsonlWriter } from '../rows/jsonl-writer.ts';
import type { OpenSource } from '../rows/row.ts';
import { arrived, type OpenDestination } from './open-destination.ts';

const full = (limit: number): JobError => ({
  code: 'WDH0002',
  description: 'The destination has reached its limit of bytes.',
  data: { limit },
});

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
      if (writer.size() >= mostBytes) return { kind: 'full', failure: full(mostBytes) };
      writer.write(values);
      return arrived;
    },
    end: async () => store(await writer.end()),
  };
};

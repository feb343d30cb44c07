import type { JobError } from '../jobs/job.ts';
import { notReadable } from '../jobs/job-fault.ts';
import type { JsonObject } from '../json.ts';
import type { TakeTurns } from '../turns.ts';
import { type CsvRecord, readCsvRecords } from './csv-records.ts';
import { columnOf, type OpenSource, type Row } from './row.ts';

const broken = (description: string): { readonly failure: JobError } => ({
  failure: { code: 'WDH0003', description, data: null },
});

/** A column header is a field's key, and an empty cell leaves the field out. */
const contentOf = (
  header: readonly string[],
  { cells, isWellQuoted }: CsvRecord,
): { readonly failure: JobError } | { readonly values: JsonObject } => {
  if (!isWellQuoted) return broken('A cell goes on after its closing quote.');
  if (cells.length !== header.length) {
    return broken(`The row has ${cells.length} cells and the header ${header.length}.`);
  }
  const filled = header.map((name, index): [string, string] => [name, cells[index] ?? '']);
  return { values: Object.fromEntries(filled.filter(([, text]) => text !== '')) };
};

const mostColumns = 5000;

const readHeader = (record: CsvRecord | undefined): readonly string[] => {
  const header = record?.cells.map((name) => name.trim()) ?? [];
  if (header.length === 0) throw notReadable('The file has no header.');
  if (header.includes('')) throw notReadable('A column has no name.');
  if (header.length > mostColumns) throw notReadable(`The file has more than ${mostColumns} columns.`);
  const seen = new Set<string>();
  const twice = header.find((name) => seen.size === seen.add(name).size);
  if (twice !== undefined) throw notReadable(`Column "${twice}" is there twice.`, { column: twice });
  return header;
};

/** Goes through the whole file once before anything is moved, so that a broken one changes nothing. */
export const openCsvSource = async (bytes: Buffer, takeTurns: TakeTurns): Promise<OpenSource> => {
  let first: CsvRecord | undefined;
  let total = -1;
  for await (const record of readCsvRecords(bytes, takeTurns)) {
    first ??= record;
    total += 1;
  }
  const header = readHeader(first);
  return {
    total,
    columns: () => header.map(columnOf),
    rows: async function* () {
      let row = 0;
      for await (const record of readCsvRecords(bytes, takeTurns)) {
        // Rows are counted from 1 below the header.
        if (row > 0) yield { sourceItemId: String(row), ...contentOf(header, record) } satisfies Row;
        row += 1;
      }
    },
  };
};

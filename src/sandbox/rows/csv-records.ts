import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { type JobFault, notReadable } from '../jobs/job-fault.ts';

export type CsvRecord = { readonly cells: readonly string[]; readonly isWellQuoted: boolean };

const chunkBytes = 64 * 1024;
const mostRecordBytes = 1024 * 1024;

const chunksOf = function* (bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += chunkBytes) {
    yield bytes.subarray(start, start + chunkBytes);
  }
};

/** Cells that are wholly quoted or begin without a quote. A quote inside the latter is what it looks like: inches. */
const cell = /(?:"[^"]*(?:""[^"]*)*"|[^",\r\n][^,\r\n]*|)/.source;
const wellQuoted = new RegExp(`^${cell}(?:,${cell})*[\\r\\n]*$`);

const explain = (error: CsvError): JobFault => {
  if (error.code === 'CSV_QUOTE_NOT_CLOSED') return notReadable('A quote is opened and never closed.');
  if (error.code === 'CSV_MAX_RECORD_SIZE') {
    return notReadable('A row is too large; a quote may have been left open.');
  }
  return notReadable(error.message);
};

/**
 * The records of a CSV file, the header being the first. The parser is told to let stray quotes pass, since it
 * loses the rows that follow a refused one; what it let pass shows in `isWellQuoted`.
 */
export const readCsvRecords = async function* (bytes: Buffer): AsyncGenerator<CsvRecord> {
  const parser = parse({
    bom: true,
    raw: true,
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    max_record_size: mostRecordBytes,
  });
  const source = Readable.from(chunksOf(bytes));
  try {
    for await (const { record, raw } of source.pipe(parser)) {
      const cells: readonly string[] = record;
      yield { cells, isWellQuoted: !cells.some((text) => text.startsWith('"')) || wellQuoted.test(raw) };
    }
  } catch (error) {
    throw error instanceof CsvError ? explain(error) : error;
  } finally {
    source.destroy();
  }
};

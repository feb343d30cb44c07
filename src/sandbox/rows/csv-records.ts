import { pipeline, Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { type JobFault, notReadable } from '../jobs/job-fault.ts';
import { type TakeTurns, wholeTurn } from '../turns.ts';

export type CsvRecord = { readonly cells: readonly string[]; readonly isWellQuoted: boolean };

const chunkBytes = 64 * 1024;
const mostRecordBytes = 1024 * 1024;

/** With a turn for each chunk, since a chunk may hold no record at all: blank lines, or the middle of a cell. */
const chunksOf = async function* (bytes: Buffer, takeTurns: TakeTurns): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += chunkBytes) {
    yield bytes.subarray(start, start + chunkBytes);
    await takeTurns(wholeTurn);
  }
};

/** Cells that are wholly quoted or begin without a quote. A quote inside the latter is what it looks like: inches. */
const cell = /(?:"[^"]*(?:""[^"]*)*"|[^",\r\n][^,\r\n]*|)/.source;
/** The raw text of a row has the blank lines before it too. */
const wellQuoted = new RegExp(`^[\\r\\n]*${cell}(?:,${cell})*[\\r\\n]*$`);

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
export const readCsvRecords = async function* (
  bytes: Buffer,
  takeTurns: TakeTurns,
): AsyncGenerator<CsvRecord> {
  const parser = parse({
    bom: true,
    raw: true,
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    max_record_size: mostRecordBytes,
  });
  // Unlike pipe(), it hands on to the parser that the reading was aborted.
  pipeline(Readable.from(chunksOf(bytes, takeTurns)), parser, () => undefined);
  try {
    for await (const { record, raw } of parser) {
      const cells: readonly string[] = record;
      yield { cells, isWellQuoted: !cells.some((text) => text.startsWith('"')) || wellQuoted.test(raw) };
    }
  } catch (error) {
    throw error instanceof CsvError ? explain(error) : error;
  }
};

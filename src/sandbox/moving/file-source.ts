import type { Files } from '../files/files.ts';
import { detectFormat } from '../files/format.ts';
import type { FileSource } from '../jobs/endpoint.ts';
import { notReadable } from '../jobs/job-fault.ts';
import { openCsvSource } from '../rows/csv-source.ts';
import { openJsonlSource } from '../rows/jsonl-source.ts';
import type { OpenSource } from '../rows/row.ts';
import type { Site } from '../site.ts';
import type { TakeTurns } from '../turns.ts';

const bytesOf = ({ stored, uploads }: Files, fileId: string, site: Site): Buffer => {
  const upload = uploads.find(fileId, site);
  if (upload === undefined) throw notReadable('There is no such file.', { fileId });
  const bytes = stored.get(upload.fileKey);
  if (bytes === undefined) throw notReadable('The file was not uploaded.', { fileId });
  return bytes;
};

export const openFileSource = async (
  files: Files,
  { fileId, format = 'UNKNOWN' }: FileSource,
  site: Site,
  takeTurns: TakeTurns,
): Promise<OpenSource> => {
  const bytes = bytesOf(files, fileId, site);
  const detectedFormat = detectFormat(bytes, format);
  if (detectedFormat === null) {
    const data = { fileId, detectedFormat: 'UNKNOWN' };
    throw notReadable('The uploaded file is neither CSV nor JSONL.', data);
  }
  if (format !== 'UNKNOWN' && format !== detectedFormat) {
    throw notReadable(`The uploaded file is not ${format}.`, { fileId, detectedFormat });
  }
  return detectedFormat === 'CSV' ? openCsvSource(bytes, takeTurns) : openJsonlSource(bytes, takeTurns);
};

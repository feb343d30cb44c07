import { builder } from './builder.ts';

export const FileFormatRef = builder.enumType('FileFormat', {
  description: 'The format of a file that is read or written (upstream: FileFormat).',
  values: {
    UNKNOWN: { description: 'Upstream could not tell the format.' },
    CSV: { description: 'Comma-separated values with a header row.' },
    JSONL: { description: 'One JSON object a line.' },
    UNRECOGNIZED: { description: 'Upstream sent a format that this version does not know.' },
  },
});

import type { FileWriter } from './file-writer.ts';

const chunkLength = 64 * 1024;

export const createJsonlWriter = (): FileWriter => {
  const chunks: Buffer[] = [];
  let size = 0;
  let pending = '';
  const flush = (): void => {
    const chunk = Buffer.from(pending);
    chunks.push(chunk);
    size += chunk.length;
    pending = '';
  };
  return {
    write: (values) => {
      pending += `${JSON.stringify(values)}\n`;
      if (pending.length >= chunkLength) flush();
    },
    size: () => size + pending.length,
    end: async () => {
      flush();
      return Buffer.concat(chunks);
    },
  };
};

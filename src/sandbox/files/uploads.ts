import { randomBytes, randomUUID } from 'node:crypto';
import { denied, notFound } from '../http/failure.ts';
import type { Site } from '../site.ts';
import { asSegment } from './addresses.ts';

export type Upload = {
  readonly fileId: string;
  /** Who knows it may put the bytes. */
  readonly key: string;
  /** Who knows it may get them. */
  readonly fileKey: string;
  readonly fileName: string;
  readonly site: Site;
  readonly expiresAt: number;
};

export type Uploads = {
  readonly open: (fileName: string | null, site: Site, now: number) => Upload;
  /** Throws for an address that does not exist or has expired. */
  readonly accepting: (key: string, now: number) => Upload;
  /** Of another site's upload nothing is known. */
  readonly find: (fileId: string, site: Site) => Upload | undefined;
};

const openForMs = 15 * 60_000;
const mostUploads = 10_000;
/** With what stands before it, a name of this length is an id of no more than 512 characters. */
const longestName = 480;

const safeName = (fileName: string): string =>
  // Well-formed again, since the cut may go through a pair of surrogates.
  asSegment(
    fileName
      .replaceAll(/[\p{Cc}\p{Cs}/\\]/gu, '_')
      .slice(-longestName)
      .toWellFormed(),
  );

/** Where the bytes of uploads may go, each for a quarter of an hour (CONTRACT 11). */
export const createUploads = (): Uploads => {
  const byFileId = new Map<string, Upload>();
  const byKey = new Map<string, Upload>();
  return {
    open: (fileName, site, now) => {
      const name = safeName(fileName || 'upload');
      const fileId = `imports/${randomBytes(5).toString('hex')}/${name}`;
      const keys = { key: randomUUID(), fileKey: randomUUID() };
      const upload = { fileId, ...keys, fileName: name, site, expiresAt: now + openForMs };
      byFileId.set(fileId, upload);
      byKey.set(upload.key, upload);
      const [oldest] = byFileId.values();
      if (oldest !== undefined && byFileId.size > mostUploads) {
        byFileId.delete(oldest.fileId);
        byKey.delete(oldest.key);
      }
      return upload;
    },
    accepting: (key, now) => {
      const upload = byKey.get(key);
      if (upload === undefined) throw notFound('No file is expected at this address.', {});
      if (now >= upload.expiresAt) throw denied('The address has expired.');
      return upload;
    },
    find: (fileId, site) => {
      const upload = byFileId.get(fileId);
      return upload?.site === site ? upload : undefined;
    },
  };
};

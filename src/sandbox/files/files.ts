import type { Limits } from '../limits.ts';
import { createStoredFiles, type StoredFiles } from './stored-files.ts';
import { createUploads, type Uploads } from './uploads.ts';

/** Everything a sandbox has in files: those it was given and those it made. */
export type Files = { readonly stored: StoredFiles; readonly uploads: Uploads; readonly fileBytes: number };

export const createFiles = ({ storedBytes, fileBytes }: Limits): Files => ({
  stored: createStoredFiles(storedBytes),
  uploads: createUploads(),
  fileBytes,
});

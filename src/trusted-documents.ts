import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';

/** Documents by their ids. */
export type TrustedDocuments = ReadonlyMap<string, string>;

/** The documents, or a sentence on what is wrong with the first one that is. */
export type TrustedDocumentsResult =
  | { readonly documents: TrustedDocuments; readonly problem?: never }
  | { readonly documents?: never; readonly problem: string };

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const isSha256 = (key: string) => /^[0-9a-f]{64}$/i.test(key);

/** Ids are written with and without the name of their hash, and hashes in capitals too. */
export const documentKey = (id: string): string => {
  const key = id.replace(/^sha256:/i, '');
  return isSha256(key) ? key.toLowerCase() : key;
};

const extensions = ['.graphql', '.gql'];

/** What GraphQL Code Generator (persisted-documents.json) and Relay (persistConfig.file) write: one object. */
const readManifest = (path: string): [id: string, text: unknown][] => {
  const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (typeof manifest !== 'object' || manifest === null || Array.isArray(manifest)) {
    throw new TypeError('it does not hold an object of ids and documents');
  }
  return Object.entries(manifest);
};

/** A file for each document, called by its id. */
const readFolder = (path: string): [id: string, text: unknown][] =>
  readdirSync(path)
    .filter((name) => extensions.includes(extname(name)))
    .map((name) => [basename(name, extname(name)), readFileSync(join(path, name), 'utf8')]);

const problemOf = (id: string, text: unknown): string | null => {
  if (typeof text !== 'string' || text.trim() === '') return `the document of ${id} is no text`;
  // editors end files with an empty line
  const key = documentKey(id);
  if (isSha256(key) && ![text, text.trimEnd()].map(sha256).includes(key)) {
    return `${id} is not the SHA-256 of its document: one of the two has been changed`;
  }
  return null;
};

const reasonOf = (error: unknown): string => {
  if (error instanceof SyntaxError) return 'it is not JSON';
  if (!(error instanceof Error)) return 'it cannot be read';
  return 'code' in error ? `it cannot be read (${String(error.code)})` : error.message;
};

/** Reads a manifest, or a folder of documents. Whether they are GraphQL is for others to say. */
export const readTrustedDocuments = (path: string): TrustedDocumentsResult => {
  try {
    const entries = statSync(path).isDirectory() ? readFolder(path) : readManifest(path);
    const documents = new Map<string, string>();
    for (const [id, text] of entries) {
      const problem = problemOf(id, text);
      if (problem !== null) return { problem };
      documents.set(documentKey(id), String(text));
    }
    return documents.size === 0 ? { problem: 'it holds no documents' } : { documents };
  } catch (error) {
    return { problem: reasonOf(error) };
  }
};

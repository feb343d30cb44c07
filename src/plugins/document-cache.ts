import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';

/** In characters of documents. A parsed one takes up to some 150 bytes for each. */
const maxCharacters = 500_000;

const createCache = <Kept extends object>() =>
  new LRUCache<string, Kept>({
    max: 1000,
    maxSize: maxCharacters,
    sizeCalculation: (_kept, text) => text.length + 1,
  });

/** What Yoga keeps of documents it has seen. Its own cache counts documents, and a thousand large ones fill the memory. */
export const createDocumentCache = () => ({
  documentCache: createCache<DocumentNode>(),
  errorCache: createCache<Error>(),
});

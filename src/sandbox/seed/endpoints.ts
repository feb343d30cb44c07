import { guidOf } from '../derived.ts';
import type { CollectionSource, Destination, OtherSite, Source } from '../jobs/endpoint.ts';
import type { JsonObject } from '../json.ts';
import { siteIdOf } from './ids.ts';

/** A whole collection, or what `query` leaves of it. */
export const collection = (
  collectionId: string,
  query: Omit<CollectionSource, 'collectionId'> = {},
): Source => ({
  wixDataCollection: { collectionId, ...query },
});

export const filtered = (collectionId: string, filter: JsonObject, ...fields: readonly string[]): Source =>
  collection(collectionId, { filterQuery: { filter, fields } });

export const upload = (fileName: string, format = 'CSV'): Source => {
  const fileId = `imports/${guidOf(fileName).slice(0, 8)}/${fileName}`;
  return { file: { fileId, format, url: `https://files.example.com/${fileId}` } };
};

export const intoCollection = (collectionId: string, writePolicy = 'OVERWRITE'): Destination => ({
  wixDataCollection: { collectionId, writePolicy },
});

export const intoFile = (fileName: string): Destination => ({
  file: { format: fileName.endsWith('.jsonl') ? 'JSONL' : 'CSV', fileName },
});

/** As source and as destination alike; the first language is the main one. */
export const translations = (...languages: readonly string[]): Source & Destination => ({
  localization: { languages },
});

export const toOutletSite: OtherSite = { destinationSiteId: siteIdOf('outlet') };
export const toArchiveSite: OtherSite = { destinationSiteId: siteIdOf('archive') };
export const fromTownSite: OtherSite = { sourceSiteId: siteIdOf('town') };

import type { Collection } from '../collections/collection.ts';
import type { Files } from '../files/files.ts';
import { notValid } from '../jobs/job-fault.ts';
import type { Submission } from '../jobs/submission.ts';
import type { Limits } from '../limits.ts';
import type { Site, SiteFor } from '../site.ts';
import type { TakeTurns } from '../turns.ts';
import { openAggregationSource } from './aggregation-source.ts';
import { openCollectionDestination } from './collection-destination.ts';
import { openCollectionSource } from './collection-source.ts';
import { openFileDestination } from './file-destination.ts';
import { openFileSource } from './file-source.ts';
import { openTextsDestination, openTextsSource } from './localization.ts';
import type { Ends } from './move.ts';

export type EndsOptions = {
  readonly submission: Submission;
  readonly site: Site;
  readonly siteFor: SiteFor;
  readonly files: Files;
  /** What an export is stored under. */
  readonly fileKey: string;
  readonly limits: Limits;
  readonly takeTurns: TakeTurns;
};

const collectionOf = ({ collections }: Site, collectionId: string): Collection => {
  const collection = collections.get(collectionId);
  if (collection === undefined) {
    throw notValid(`There is no collection '${collectionId}' on the site.`, { collectionId });
  }
  return collection;
};

/** How to open what a submission names. Nothing is looked up before: what is missing fails the job, not the call. */
export const endsOf = (options: EndsOptions): Ends => {
  const { submission, site, siteFor, files, fileKey, limits, takeTurns } = options;
  const { source, destination, otherSite } = submission;
  const sourceSite = otherSite && 'sourceSiteId' in otherSite ? siteFor(otherSite.sourceSiteId) : site;
  const destinationSite =
    otherSite && 'destinationSiteId' in otherSite ? siteFor(otherSite.destinationSiteId) : site;

  return {
    openSource: async () => {
      if ('file' in source && 'file' in destination) throw notValid('A file cannot be moved into a file.');
      if ('file' in source) return openFileSource(files, source.file, site, takeTurns);
      if ('localization' in source) return openTextsSource(site.texts, source.localization.languages);
      if (!('wixDataCollection' in source)) throw notValid('The source is not supported.');
      const { wixDataCollection } = source;
      const collection = collectionOf(sourceSite, wixDataCollection.collectionId);
      const { aggregationQuery } = wixDataCollection;
      return aggregationQuery
        ? openAggregationSource(collection, aggregationQuery, takeTurns)
        : openCollectionSource(collection, wixDataCollection, takeTurns);
    },
    openDestination: (opened) => {
      if ('file' in destination) {
        const store = (bytes: Buffer): void => files.stored.put(fileKey, bytes);
        return openFileDestination(destination.file.format, opened, limits.fileBytes, store);
      }
      if ('localization' in destination) {
        return openTextsDestination(site.texts, destination.localization.languages);
      }
      if (!('wixDataCollection' in destination)) throw notValid('The destination is not supported.');
      const { collectionId, writePolicy = 'OVERWRITE' } = destination.wixDataCollection;
      return openCollectionDestination(collectionOf(destinationSite, collectionId), writePolicy, limits);
    },
  };
};

import { z } from 'zod';
import type { Destination, OtherSite, Source } from '../jobs/endpoint.ts';
import type { Submission } from '../jobs/submission.ts';
import { collectionSource } from './collection-source-body.ts';
import { collectionId, exactlyOne, fileFormat, localization, optional } from './wire.ts';

const fileSource = z
  .object({ fileId: z.string().min(1).max(512), format: optional(fileFormat) })
  .transform(({ fileId, format = 'UNKNOWN' }) => ({ fileId, format }));

const source = z
  .object({
    wixDataCollection: optional(collectionSource),
    localization: optional(localization),
    file: optional(fileSource),
  })
  .transform((ends, context): Source => exactlyOne(ends, context));

const writePolicy = z.enum(['OVERWRITE', 'SKIP_EXISTING', 'TRUNCATE_BEFORE']);

const collectionDestination = z
  .object({ collectionId, writePolicy: optional(writePolicy) })
  .transform(({ collectionId, writePolicy = 'OVERWRITE' }) => ({ collectionId, writePolicy }));

const fileDestination = z
  .object({ format: z.enum(['CSV', 'JSONL']), fileName: optional(z.string().max(512)) })
  .transform(({ format, fileName }) => ({ format, ...(fileName !== undefined && { fileName }) }));

const destination = z
  .object({
    wixDataCollection: optional(collectionDestination),
    localization: optional(localization),
    file: optional(fileDestination),
  })
  .transform((ends, context): Destination => exactlyOne(ends, context));

const otherSiteOf = (sourceSiteId?: string, destinationSiteId?: string): OtherSite | null => {
  if (sourceSiteId !== undefined) return { sourceSiteId };
  return destinationSiteId === undefined ? null : { destinationSiteId };
};

/** The body of SubmitJob (CONTRACT 7.1): its shape and nothing else. */
export const submitBody = z
  .object({
    name: optional(z.string().max(1024)),
    source,
    destination,
    sourceSiteId: optional(z.guid('is not a valid GUID')),
    destinationSiteId: optional(z.guid('is not a valid GUID')),
  })
  .superRefine(({ source, destination, sourceSiteId, destinationSiteId }, context) => {
    const refuse = (field: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [field], message });
    if (sourceSiteId !== undefined && destinationSiteId !== undefined) {
      refuse('destinationSiteId', 'cannot be sent beside sourceSiteId');
    }
    if (sourceSiteId !== undefined && !('wixDataCollection' in source)) {
      refuse('sourceSiteId', 'needs a collection as the source');
    }
    if (destinationSiteId !== undefined && !('wixDataCollection' in destination)) {
      refuse('destinationSiteId', 'needs a collection as the destination');
    }
  })
  .transform(
    ({ name = null, source, destination, sourceSiteId, destinationSiteId }): Submission => ({
      name,
      source,
      destination,
      otherSite: otherSiteOf(sourceSiteId, destinationSiteId),
    }),
  );

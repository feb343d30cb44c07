import { z } from 'zod';
import { isGuid } from '../domain/guid.ts';
import type { JobNews } from '../domain/job-news.ts';
import { parseJson } from '../domain/json.ts';

/** What an event of Wix says that matters here: the state in it is not taken over, but asked for. */
export interface JobEvent extends JobNews {
  /** Of the event, the same whenever it is sent again. */
  readonly id: string;
  /** Higher is later for the same job; null where there is none. */
  readonly sequence: bigint | null;
  readonly happenedAt: number | null;
}

const parsed = (value: unknown): unknown => (typeof value === 'string' ? parseJson(value) : value);

/** Published samples write JSON into strings of JSON; the object itself is as good. */
const unfolded = <Schema extends z.ZodType>(schema: Schema) => z.preprocess(parsed, schema);

const longestId = 200;
const name = z.string().max(longestId).nullish();

const envelope = z.object({
  data: unfolded(
    z.object({
      eventType: z.string(),
      instanceId: name,
      accountInfo: z.object({ siteId: name }).nullish(),
      data: z.unknown(),
    }),
  ),
});

const entityEvent = unfolded(
  z.object({
    id: z.string().min(1).max(longestId),
    entityId: z.string().refine(isGuid),
    entityEventSequence: z.union([z.string(), z.number().transform(String)]).nullish(),
    eventTime: z.string().nullish(),
  }),
);

const jobEventType = /^wix\.hub\.v1\.job_(created|updated|deleted)$/;

/** Wix writes 0 where it has none. */
const sequenceOf = (text: string | null | undefined): bigint | null =>
  /^\d{1,19}$/.test(text ?? '') && Number(text) > 0 ? BigInt(text ?? 0) : null;

const instantOf = (text: string | null | undefined): number | null => {
  const instant = Date.parse(text ?? '');
  return Number.isNaN(instant) ? null : instant;
};

/** An event of a job, an event of something else, or nothing of the kind. */
export type ReadEvent = JobEvent | 'other' | 'unreadable';

/** Reads the payload of a verified token (CONTRACT 14.2). */
export const readEvent = (payload: unknown): ReadEvent => {
  const outer = envelope.safeParse(payload).data?.data;
  if (outer === undefined) return 'unreadable';
  if (!jobEventType.test(outer.eventType)) return 'other';
  const inner = entityEvent.safeParse(outer.data).data;
  if (inner === undefined) return 'unreadable';
  return {
    id: inner.id,
    jobId: inner.entityId,
    instanceId: outer.instanceId || null,
    siteId: outer.accountInfo?.siteId || null,
    sequence: sequenceOf(inner.entityEventSequence),
    happenedAt: instantOf(inner.eventTime),
  };
};

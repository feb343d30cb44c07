import { deserialize, serialize } from 'node:v8';
import { z } from 'zod';
import { GatewayError, type GatewayErrorCode } from '../domain/gateway-error.ts';
import type { Job } from '../domain/job.ts';
import type { News, Wish } from '../live/company.ts';

const version = 1;

interface From {
  /** The replica that says it. */
  readonly from: string;
}

/** What replicas that watch for the same caller say to each other. */
export type Message = From &
  (
    | { readonly kind: 'news'; readonly fence: number; readonly number: number; readonly news: News }
    /** Of a write: true whoever polls. */
    | { readonly kind: 'written'; readonly news: News }
    | { readonly kind: 'wish'; readonly wish: Wish }
    /** The one that polls asks for the wishes of all. */
    | { readonly kind: 'ask' }
    /** Nobody polls any longer: take the lease. */
    | { readonly kind: 'left' }
  );

const ids = z.array(z.string());
const isJob = (value: unknown): value is Job =>
  typeof value === 'object' &&
  value !== null &&
  'id' in value &&
  typeof value.id === 'string' &&
  'observedAt' in value &&
  value.observedAt instanceof Date;
const isCode = (value: unknown): value is GatewayErrorCode => typeof value === 'string';

const error = z
  .object({
    code: z.custom<GatewayErrorCode>(isCode),
    message: z.string(),
    retryAfterMs: z.number().nullable(),
  })
  .nullable()
  .transform((told) => {
    if (told === null) return null;
    const { code, message, retryAfterMs } = told;
    return new GatewayError(code, message, retryAfterMs === null ? {} : { retryAfterMs });
  });
const news = z.object({
  found: z.array(z.custom<Job>(isJob)),
  same: ids,
  gone: ids,
  failed: ids,
  error,
  // those of before this was told do not say it
  seenUntil: z.date().nullable().default(null),
});
const base = { v: z.literal(version), from: z.string() };
const message = z.discriminatedUnion('kind', [
  z.object({ ...base, kind: z.literal('news'), fence: z.number(), number: z.number(), news }),
  z.object({ ...base, kind: z.literal('written'), news }),
  z.object({ ...base, kind: z.literal('wish'), wish: z.object({ ids, feed: z.boolean() }) }),
  z.object({ ...base, kind: z.literal('ask') }),
  z.object({ ...base, kind: z.literal('left') }),
]);

const plain = ({ error: told, ...rest }: News) => ({
  ...rest,
  error: told && { code: told.code, message: told.message, retryAfterMs: told.retryAfterMs },
});

/** Node's own format, since it keeps dates as they are; it reads those of older versions. */
export const encode = (told: Message): Buffer =>
  serialize({ ...told, v: version, ...('news' in told ? { news: plain(told.news) } : {}) });

/** Null for what another version of the gateway says, or nobody understands. */
export const decode = (bytes: Buffer): Message | null => {
  try {
    return message.safeParse(deserialize(bytes)).data ?? null;
  } catch {
    return null;
  }
};

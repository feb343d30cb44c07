import { z } from 'zod';

/** Where several replicas meet, and what all their keys begin with. */
export interface RedisSettings {
  readonly url: URL;
  readonly prefix: string;
}

const redisUrl = z
  .string()
  .transform((text) => URL.parse(text))
  .refine((url): url is URL => url !== null && /^rediss?:$/.test(url.protocol) && url.hostname !== '', {
    error: 'a redis or rediss address, for example redis://127.0.0.1:6379',
  });

/** The variables of replicas: how each is parsed, its default, and what --help says of it. */
export const redisVariables = {
  REDIS_URL: redisUrl
    .optional()
    .describe('The Redis by which several replicas act as one gateway. Unset: this process is the only one.'),
  REDIS_PREFIX: z
    .string()
    .regex(/^[\w:.-]{1,64}$/, { error: 'up to 64 letters, digits and any of _ : . -' })
    .prefault('jobs-gateway:')
    .describe('What all keys in that Redis begin with. Replicas with the same belong together.'),
};

type Parsed = z.infer<z.ZodObject<typeof redisVariables>>;

export const redisSettings = ({ REDIS_URL, REDIS_PREFIX }: Parsed): RedisSettings | null =>
  REDIS_URL === undefined ? null : { url: REDIS_URL, prefix: REDIS_PREFIX };

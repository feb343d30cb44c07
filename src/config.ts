import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import {
  type CredentialSettings,
  credentialProblems,
  credentialSettings,
  credentialVariables,
  isCredentialVariable,
  modeOf,
} from './config/credential-settings.ts';
import { exposureProblems } from './config/exposure.ts';
import { isWebhookVariable, webhookVariables } from './config/webhook-settings.ts';
import { type LogLevel, logLevels } from './telemetry/log.ts';

export interface Config {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Null means the embedded sandbox. */
  readonly wixApiUrl: URL | null;
  /** With whose rights Wix is asked. */
  readonly credentials: CredentialSettings;
  /** What webhooks are verified with; null where none are taken. */
  readonly webhookPublicKey: KeyObject | null;
  readonly upstreamTimeoutMs: number;
  readonly upstreamRequestsPerMinute: number;
  readonly finishedJobTtlMs: number;
  readonly readCacheMs: number;
  readonly pollMinMs: number;
  readonly pollMaxMs: number;
  /** What polling may take of the allowance, 0 to 1. */
  readonly pollShare: number;
  readonly staleAfterMs: number;
  readonly watchMaxMs: number;
  readonly wsMaxOperations: number;
  readonly logLevel: LogLevel;
}

const wholeNumber = (min: number, max: number) => {
  const error = `a whole number from ${min} to ${max}`;
  return z
    .string({ error })
    .regex(/^\d{1,12}$/, { error })
    .transform(Number)
    .refine((value) => value >= min && value <= max, { error });
};

const fraction = z
  .string()
  .regex(/^\d*\.?\d+$/, { error: 'a number above 0 and up to 1' })
  .transform(Number)
  .refine((value) => value > 0 && value <= 1, { error: 'a number above 0 and up to 1' });

const httpUrl = z
  .string()
  .transform((text) => (URL.canParse(text) ? new URL(text) : null))
  .refine(
    (url): url is URL =>
      url !== null &&
      /^https?:$/.test(url.protocol) &&
      url.username === '' &&
      url.password === '' &&
      url.search === '',
    {
      error: 'an http or https address without user, password or query, for example https://www.wixapis.com',
    },
  );

/** Every variable the gateway reads: how it is parsed, its default, and what --help says of it. */
const environment = z.object({
  PORT: wholeNumber(0, 65_535).prefault('4000').describe('Port to listen on; 0 picks a free one.'),
  HOST: z.string().prefault('127.0.0.1').describe('Address to listen on.'),
  WIX_API_URL: httpUrl
    .optional()
    .describe('Where the Wix API is, for example https://www.wixapis.com. Unset: the embedded sandbox.'),
  ...credentialVariables,
  ...webhookVariables,
  ALLOW_ANONYMOUS: z
    .enum(['true', 'false'], { error: 'true or false' })
    .prefault('false')
    .describe("Whether other machines may use the gateway's own Wix credential without saying who they are."),
  UPSTREAM_TIMEOUT_MS: wholeNumber(1, 600_000)
    .prefault('10000')
    .describe('How long one operation may take upstream, all its attempts together.'),
  UPSTREAM_REQUESTS_PER_MINUTE: wholeNumber(1, 1_000_000)
    .prefault('200')
    .describe("Upstream's request allowance for one caller."),
  FINISHED_JOB_TTL_MS: wholeNumber(0, 86_400_000)
    .prefault('60000')
    .describe('How long a finished job is served without asking Wix; 0 asks each time.'),
  READ_CACHE_MS: wholeNumber(0, 3_600_000)
    .prefault('0')
    .describe('How old any other answer may be; 0 asks each time.'),
  POLL_MIN_MS: wholeNumber(1, 3_600_000)
    .prefault('1000')
    .describe('How often watched jobs are polled while something moves.'),
  POLL_MAX_MS: wholeNumber(1, 3_600_000)
    .prefault('15000')
    .describe('And how often when nothing does; never more often than POLL_MIN_MS.'),
  POLL_SHARE: fraction
    .prefault('0.5')
    .describe('The share of the request allowance that polling may take, above 0 to 1.'),
  STALE_AFTER_MS: wholeNumber(1, 86_400_000)
    .prefault('30000')
    .describe('After so long without an answer subscribers are told STALE.'),
  WATCH_MAX_MS: wholeNumber(1, 2_147_483_647)
    .prefault('86400000')
    .describe('The longest life of a subscription.'),
  WS_MAX_OPERATIONS: wholeNumber(1, 100_000)
    .prefault('100')
    .describe('How many operations one WebSocket may have under way.'),
  LOG_LEVEL: z
    .enum(logLevels, { error: `one of ${logLevels.join(', ')}` })
    .prefault('info')
    .describe('How much is logged.'),
});

const variables = Object.entries(environment.shape);

export type Environment = Readonly<Record<string, string | undefined>>;

/** Any address may have a password before its @ or a token after its question mark. */
const mayBeSecret = (name: string, value = '') =>
  isCredentialVariable(name) || isWebhookVariable(name) || /[@?]/.test(value);

/** What no variable shows by itself. */
const problemsBetween = (given: Environment): string[] => [
  ...credentialProblems(given),
  ...exposureProblems({
    host: given['HOST'],
    lendsItsRights: modeOf(given) === 'api-key' || modeOf(given) === 'app',
    allowAnonymous: given['ALLOW_ANONYMOUS'] === 'true',
  }),
];

/** The configuration, or a sentence on each thing that is wrong with it. */
export type ConfigResult =
  | { readonly config: Config; readonly problems?: never }
  | { readonly config?: never; readonly problems: readonly string[] };

/** Reads the environment once, complaining of everything at once. An empty value is the same as none. */
export const readConfig = (env: Environment): ConfigResult => {
  const given = Object.fromEntries(variables.map(([name]) => [name, env[name] || undefined]));
  const parsed = environment.safeParse(given);
  const problems = (parsed.error?.issues ?? []).map(({ path, message }) => {
    const name = String(path[0]);
    const got = mayBeSecret(name, given[name]) ? 'what it holds' : JSON.stringify(given[name]);
    return `${name}: ${got} is not ${message}.`;
  });
  problems.push(...problemsBetween(given));
  const { data } = parsed;
  const credentials = data ? credentialSettings(data) : null;
  if (!data || !credentials || problems.length > 0) return { problems };
  return {
    config: Object.freeze({
      host: data.HOST,
      port: data.PORT,
      wixApiUrl: data.WIX_API_URL ?? null,
      credentials,
      webhookPublicKey: data.WIX_WEBHOOK_PUBLIC_KEY ?? null,
      upstreamTimeoutMs: data.UPSTREAM_TIMEOUT_MS,
      upstreamRequestsPerMinute: data.UPSTREAM_REQUESTS_PER_MINUTE,
      finishedJobTtlMs: data.FINISHED_JOB_TTL_MS,
      readCacheMs: data.READ_CACHE_MS,
      pollMinMs: data.POLL_MIN_MS,
      pollMaxMs: Math.max(data.POLL_MIN_MS, data.POLL_MAX_MS),
      pollShare: data.POLL_SHARE,
      staleAfterMs: data.STALE_AFTER_MS,
      watchMaxMs: data.WATCH_MAX_MS,
      wsMaxOperations: data.WS_MAX_OPERATIONS,
      logLevel: data.LOG_LEVEL,
    }),
  };
};

const describe = (shape: Readonly<Record<string, z.ZodType>>): string[] =>
  Object.entries(shape).map(([name, schema]) => {
    const fallback = schema instanceof z.ZodPrefault ? String(schema.def.defaultValue) : 'unset';
    return `  ${name.padEnd(30)}${schema.description} [${fallback}]`;
  });

/** What --help prints; `sandbox` are the variables of the embedded sandbox. */
export const usage = (sandbox: Readonly<Record<string, z.ZodType>>): string => {
  return [
    'A GraphQL gateway over the Wix Data Movement Jobs API.',
    '',
    'Usage: npm start            serve the gateway, set up by the environment',
    '       npm start -- --help  print this',
    '',
    'Environment variables, with defaults:',
    ...describe(environment.shape),
    '',
    'Of the sandbox, while WIX_API_URL is unset:',
    ...describe(sandbox),
    '',
  ].join('\n');
};

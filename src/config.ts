import type { KeyObject } from 'node:crypto';
import {
  type AccessSettings,
  accessModeOf,
  accessProblems,
  accessSettings,
  accessVariables,
  givenTokens,
} from './config/access-settings.ts';
import {
  type CredentialSettings,
  credentialModeOf,
  credentialProblems,
  credentialSettings,
  credentialVariables,
} from './config/credential-settings.ts';
import { type DocumentSettings, documentProblems, documentSettings } from './config/document-settings.ts';
import { environment } from './config/environment.ts';
import { exposureProblems } from './config/exposure.ts';
import { type LimitSettings, limitSettings } from './config/limit-settings.ts';
import type { Given } from './config/modes.ts';
import { type RedisSettings, redisSettings } from './config/redis-settings.ts';
import { type TelemetrySettings, telemetryProblems, telemetrySettings } from './config/telemetry-settings.ts';
import type { TokenList } from './config/token-file.ts';
import { webhookVariables } from './config/webhook-settings.ts';
import { isLoopback } from './domain/origin.ts';
import type { LogLevel } from './telemetry/log.ts';

export interface Config extends DocumentSettings {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Null means the embedded sandbox. */
  readonly wixApiUrl: URL | null;
  /** With whose rights Wix is asked. */
  readonly credentials: CredentialSettings;
  /** How callers of the gateway say who they are. */
  readonly access: AccessSettings;
  /** What webhooks are verified with; null where none are taken. */
  readonly webhookPublicKey: KeyObject | null;
  /** What one caller or address may do. */
  readonly limits: LimitSettings;
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
  /** Of pages that may ask, beside the gateway's own. */
  readonly allowedOrigins: readonly string[];
  readonly playground: boolean;
  /** Null for a process that is the only one. */
  readonly redis: RedisSettings | null;
  /** True when HOST is loopback, which only this machine reaches. */
  readonly isLocal: boolean;
  /** How others look at this process. */
  readonly telemetry: TelemetrySettings;
  /** Over how long sockets and event streams are sent away. */
  readonly drainMs: number;
  readonly logLevel: LogLevel;
}

const variables = Object.entries(environment.shape);

/** What was put into the wrong one of them may be a secret too. */
const ofSecrets = { ...credentialVariables, ...accessVariables, ...webhookVariables };

/** Any address may have a password before its @ or a token after its question mark. */
const mayBeSecret = (name: string, value = '') => name in ofSecrets || /[@?]/.test(value);

/** What no variable shows by itself. */
const problemsBetween = (given: Given, tokenList: TokenList | null): string[] => [
  ...credentialProblems(given),
  ...accessProblems(given, tokenList),
  ...documentProblems(given),
  ...telemetryProblems(given, environment.shape.PORT.safeParse(given['PORT']).data),
  ...exposureProblems({
    host: given['HOST'],
    lendsItsRights: ['api-key', 'app'].includes(credentialModeOf(given) ?? ''),
    allowAnonymous: given['ALLOW_ANONYMOUS'] === 'true',
    callersAreKnown: ['tokens', 'jwt'].includes(accessModeOf(given) ?? ''),
  }),
];

/** The configuration, or a sentence on each thing that is wrong with it. */
export type ConfigResult =
  | { readonly config: Config; readonly problems?: never }
  | { readonly config?: never; readonly problems: readonly string[] };

/** Reads the environment once, complaining of everything at once. An empty value is the same as none. */
export const readConfig = (env: Given): ConfigResult => {
  const given = Object.fromEntries(variables.map(([name]) => [name, env[name] || undefined]));
  const parsed = environment.safeParse(given);
  const problems = (parsed.error?.issues ?? []).map(({ path, message }) => {
    const name = String(path[0]);
    const got = mayBeSecret(name, given[name]) ? 'what it holds' : JSON.stringify(given[name]);
    return `${name}: ${got} is not ${message}.`;
  });
  // once: from one moment to the next it may be another
  const tokenList = givenTokens(given);
  problems.push(...problemsBetween(given, tokenList));
  const { data } = parsed;
  const credentials = data ? credentialSettings(data) : null;
  const access = data ? accessSettings(data, tokenList) : null;
  if (!data || !credentials || !access || problems.length > 0) return { problems };
  const isLocal = isLoopback(data.HOST);
  const isForTrying = isLocal || data.WIX_API_URL === undefined;
  return {
    config: Object.freeze({
      host: data.HOST,
      port: data.PORT,
      wixApiUrl: data.WIX_API_URL ?? null,
      credentials,
      access,
      webhookPublicKey: data.WIX_WEBHOOK_PUBLIC_KEY ?? null,
      limits: limitSettings(data, data.HOST),
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
      allowedOrigins: data.ALLOWED_ORIGINS ?? [],
      playground: data.PLAYGROUND ?? isForTrying,
      isLocal,
      redis: redisSettings(data),
      ...documentSettings(data, data.UPSTREAM_TIMEOUT_MS),
      telemetry: telemetrySettings(data),
      drainMs: data.DRAIN_MS,
      logLevel: data.LOG_LEVEL,
    }),
  };
};

import { z } from 'zod';
import { logLevels } from '../telemetry/log.ts';
import { accessVariables } from './access-settings.ts';
import { credentialVariables } from './credential-settings.ts';
import { documentVariables } from './document-settings.ts';
import { limitVariables } from './limit-settings.ts';
import { redisVariables } from './redis-settings.ts';
import { telemetryVariables } from './telemetry-settings.ts';
import { fraction, httpUrl, origins, wholeNumber, yesOrNo } from './values.ts';
import { webhookVariables } from './webhook-settings.ts';

/** Every variable the gateway reads: how it is parsed, its default, and what --help says of it. */
export const environment = z.object({
  PORT: wholeNumber(0, 65_535).prefault('4000').describe('Port to listen on; 0 picks a free one.'),
  HOST: z.string().prefault('127.0.0.1').describe('Address to listen on.'),
  WIX_API_URL: httpUrl
    .optional()
    .describe('Where the Wix API is, for example https://www.wixapis.com. Unset: the embedded sandbox.'),
  ...credentialVariables,
  ...accessVariables,
  ...webhookVariables,
  ALLOW_ANONYMOUS: yesOrNo
    .prefault('false')
    .describe("Whether other machines may use the gateway's own Wix credential without saying who they are."),
  ...limitVariables,
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
  ...redisVariables,
  ALLOWED_ORIGINS: origins
    .optional()
    .describe("Origins of pages that may use the gateway, as a list with commas, beside the gateway's own."),
  PLAYGROUND: yesOrNo
    .optional()
    .describe('GraphiQL and introspection. Unset: on over the sandbox or on loopback, else off.'),
  ...documentVariables,
  ...telemetryVariables,
  DRAIN_MS: wholeNumber(0, 600_000)
    .prefault('5000')
    .describe(
      'When told to stop: over how long sockets and event streams are sent away. Requests under way may take UPSTREAM_TIMEOUT_MS longer.',
    ),
  LOG_LEVEL: z
    .enum(logLevels, { error: `one of ${logLevels.join(', ')}` })
    .prefault('info')
    .describe('How much is logged.'),
});

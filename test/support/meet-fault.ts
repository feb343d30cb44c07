import { expect } from 'vitest';
import type { Clock } from '../../src/domain/clock.ts';
import { GatewayError } from '../../src/domain/gateway-error.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { createCaller } from '../../src/upstream/caller.ts';
import { createUpstream, type UpstreamSettings } from '../../src/upstream/upstream.ts';
import { createHastyClock } from './fake-clock.ts';
import { openGateway, usualUpstream } from './gateway.ts';
import { guid, jobsPage } from './rows.ts';
import { type Reply, startScriptedUpstream } from './scripted-upstream.ts';

export interface Outcome {
  /** Null when there was no error. */
  readonly code: string | null;
  readonly upstream: unknown;
  /** Everything the caller is told. */
  readonly told: string;
  /** Calls of the operation that met the fault. */
  readonly attempts: number;
}

/** Meets the fault once, in one way of asking, and leaves nothing behind. */
type Way = (
  url: URL,
  options: { readonly clock: Clock } & Partial<UpstreamSettings>,
  /** To be called once there is an outcome, before anything is closed. */
  checkLeaks: () => Promise<void>,
) => Promise<Omit<Outcome, 'attempts'>>;

const submit = `mutation { submitJob(input: {
  source: { file: { fileId: "prices.csv" } }, destination: { wixDataCollection: { collectionId: "products" } }
}) { job { id } userErrors { code message } } }`;

const ask =
  (query: string): Way =>
  async (url, options, checkLeaks) => {
    const gateway = openGateway(url, options);
    const answer = await gateway.ask(query);
    const [error] = answer.errors ?? [];
    const [userError] = answer.data?.submitJob?.userErrors ?? [];
    await checkLeaks();
    await gateway.close();
    return {
      // what upstream objects to in a submit is told to the person who filled the form
      code: error?.extensions.code ?? (userError ? `UPSTREAM_${userError.code}` : null),
      upstream: error?.extensions.upstream,
      told: JSON.stringify(answer),
    };
  };

const ways = {
  read: ask('{ jobs { nodes { id } } }'),
  write: ask(submit),
  /** What watching looks with; a watch itself tells of no failure but by its silence, and looks again. */
  async poll(url, options, checkLeaks) {
    const client = createUpstream({
      ...usualUpstream,
      ...options,
      url,
      random: Math.random,
      log: silentLog,
    });
    const caller = createCaller({ authorization: 'watching', siteId: null, accountId: null });
    const found = await client
      .as(caller, 'poll')
      .jobs.byIds([guid(0)])
      .catch((error: unknown) => error);
    await checkLeaks();
    await client.close();
    if (!(found instanceof GatewayError)) return { code: null, upstream: undefined, told: '' };
    return { code: found.code, upstream: found.upstream ?? undefined, told: found.message };
  },
} satisfies Record<string, Way>;

export type Purpose = keyof typeof ways;
export const purposes: readonly Purpose[] = ['read', 'write', 'poll'];

/**
 * Asks an upstream that answers each time as `faultOf` says; beside a submit it shows no job. Settles once every
 * socket and timer is gone.
 */
export const meet = async (
  purpose: Purpose,
  faultOf: (attempt: number) => Reply,
  options: Partial<UpstreamSettings> = {},
): Promise<Outcome> => {
  let attempts = 0;
  const upstream = await startScriptedUpstream(({ operation }) => {
    if (purpose === 'write' && operation !== 'SubmitJob') return jobsPage([]);
    attempts += 1;
    return faultOf(attempts);
  });
  const clock = createHastyClock();
  const outcome = await ways[purpose](upstream.url, { clock, ...options }, async () => {
    await upstream.idle();
    expect(clock.pending).toBe(0);
  });
  await upstream.deserted();
  return { ...outcome, attempts };
};

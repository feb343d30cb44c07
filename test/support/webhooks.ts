import { createHmac, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { createGateway, graphqlPath } from '../../src/gateway.ts';
import { drain, listen } from '../../src/listen.ts';
import { withWebhooks } from '../../src/webhooks/serve-webhooks.ts';
import { createFakeClock, type FakeClock, settled } from './fake-clock.ts';
import { defaultWatch, type TestOptions, usualDocuments, usualUpstream } from './gateway.ts';
import { type WatchOptions, watchByEvents } from './live-client.ts';
import { type MemoryLog, memoryLog } from './memory-log.ts';
import { guid, type Row } from './rows.ts';
import type { ScriptedUpstream } from './scripted-upstream.ts';

export const newKeys = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
/** The app's. */
export const keys = newKeys();
export const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();

export interface Event {
  readonly slug?: 'created' | 'updated' | 'deleted';
  readonly id?: string;
  readonly sequence?: string;
  readonly time?: string;
  readonly siteId?: string | null;
  readonly instanceId?: string | null;
  /** In place of the layers below. */
  readonly envelope?: Row;
  readonly event?: Row;
}

/** The payload of an event of the n-th job as Wix sends it, but for time. */
export const payloadOf = (n: number, more: Event = {}): Row => {
  const { slug = 'updated', siteId = null, instanceId = 'instance-1', sequence, time } = more;
  const entity = { id: guid(n), name: 'CANARY', status: 'COMPLETED' };
  const event = more.event ?? {
    id: more.id ?? randomUUID(),
    entityFqdn: 'wix.hub.v1.job',
    slug,
    entityId: guid(n),
    ...(time && { eventTime: time }),
    ...(sequence && { entityEventSequence: sequence }),
    ...(slug === 'created' && { createdEvent: { entity } }),
    ...(slug === 'updated' && { updatedEvent: { currentEntity: entity } }),
    ...(slug === 'deleted' && { deletedEvent: {} }),
  };
  const envelope = more.envelope ?? {
    eventType: `wix.hub.v1.job_${slug}`,
    ...(instanceId && { instanceId }),
    ...(siteId && { accountInfo: { siteId } }),
    data: JSON.stringify(event),
  };
  return { data: JSON.stringify(envelope) };
};

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

export const tokenOf = (
  payload: Row,
  { key = keys.privateKey as KeyObject | string, alg = 'RS256' } = {},
) => {
  const text = `${part({ alg, kid: 'k1' })}.${part(payload)}`;
  if (alg === 'none') return `${text}.`;
  const signature =
    typeof key === 'string'
      ? createHmac('sha256', key).update(text).digest()
      : sign(alg === 'RS512' ? 'RSA-SHA512' : 'RSA-SHA256', Buffer.from(text), key);
  return `${text}.${signature.toString('base64url')}`;
};

export interface WebhookServer {
  /** Without a path. */
  readonly url: string;
  readonly clock: FakeClock;
  readonly logged: MemoryLog;
  /** Now, in whole seconds. */
  seconds(): number;
  post(body: string): Promise<Response>;
  /** A genuine event of the n-th job; tells the status of the answer. */
  send(n: number, event?: Event): Promise<number>;
  /** A subscription, once it has been told what it opens with. */
  watch(query: string, options?: WatchOptions): Promise<ReturnType<typeof watchByEvents>>;
  ask(query: string): Promise<Row>;
  /** Lets the looks that are due within so long be done, and told of. */
  look(ms: number): Promise<void>;
}

/** The gateway with its webhooks, over real HTTP and on a clock of the test's. */
export const openWebhookServer = async (
  upstream: ScriptedUpstream,
  options: TestOptions = {},
): Promise<WebhookServer> => {
  const clock = createFakeClock(Date.now());
  const logged = memoryLog();
  const gateway = createGateway({
    upstreamUrl: upstream.url,
    clock,
    log: logged.log,
    ...usualUpstream,
    ...usualDocuments,
    watch: defaultWatch,
    ...options,
  });
  const { server, url } = await listen(
    withWebhooks({
      publicKey: keys.publicKey,
      announce: gateway.announce,
      addressOf: gateway.pipeline.gate.addressOf,
      clock,
      log: logged.log,
      ...(options.telemetry ? { metrics: options.telemetry.metrics } : {}),
      otherwise: gateway.listener,
    }),
    0,
    '127.0.0.1',
  );
  onTestFinished(async () => {
    await Promise.all([drain(server, 0), gateway.close()]);
  });
  const seconds = () => Math.floor(clock.now() / 1000);
  const ask = async (query: string) => {
    const response = await fetch(`${url}${graphqlPath}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'test-credential' },
      body: JSON.stringify({ query }),
    });
    return response.json();
  };
  const post = (body: string) => fetch(`${url}/webhooks/wix`, { method: 'POST', body });
  return {
    url,
    clock,
    logged,
    seconds,
    post,
    async send(n, event) {
      const time = { iat: seconds(), exp: seconds() + 300_000 };
      const { status } = await post(tokenOf({ ...payloadOf(n, event), ...time }));
      await settled();
      return status;
    },
    async watch(query, watchOptions) {
      const before = upstream.count();
      const watch = watchByEvents(`${url}${graphqlPath}`, query, watchOptions);
      while (upstream.count() === before) await clock.advance(10);
      await watch.next();
      return watch;
    },
    ask,
    async look(ms) {
      await clock.advance(ms);
      // what goes over the network in the meantime arrives before what is sent after it
      for (let turn = 0; turn < 4; turn += 1) await ask('{ __typename }');
      await clock.advance(0);
    },
  };
};

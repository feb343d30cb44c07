import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { jwtVerify } from 'jose';
import { expect, onTestFinished, test } from 'vitest';
import { drain, listen } from '../../src/listen.ts';
import { type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import { initializingJobId, longRunningJobId, soonFailingJobId } from '../../src/sandbox/seed/landmarks.ts';
import { createInbox } from '../support/live-client.ts';
import { jobsPath } from './open-sandbox.ts';
import { createStepClock } from './step-clock.ts';

/** A sandbox that stands still, and what it sends. */
const open = async (options: SandboxOptions = {}) => {
  const clock = createStepClock();
  const inbox = createInbox<string>();
  const receive = async (request: IncomingMessage) => inbox.push(await text(request));
  const { server, url } = await listen(
    (request, response) => void receive(request).then(() => response.end()),
    0,
    '127.0.0.1',
  );
  onTestFinished(() => drain(server, 0));
  const sandbox = await startSandbox({ webhookUrl: `${url}/hook`, ...clock, ...options });
  onTestFinished(() => sandbox.close());
  const { webhookPublicKey } = sandbox;
  if (webhookPublicKey === null) throw new Error('There is no key.');
  const call = (path: string, headers: Record<string, string> = {}, body?: object) =>
    fetch(sandbox.url + jobsPath + path, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: 'any', ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
  return {
    sandbox,
    clock,
    call,
    waiting: inbox.waiting,
    async next() {
      const { payload } = await jwtVerify(await inbox.next(), webhookPublicKey, {
        algorithms: ['RS256'],
        currentDate: new Date(clock.now()),
      });
      const envelope = JSON.parse(String(payload['data']));
      return {
        ...envelope,
        lifeSeconds: Number(payload.exp) - Number(payload.iat),
        event: JSON.parse(envelope.data),
      };
    },
    /** Lets it compare the jobs with what they were. */
    look: async () => {
      await clock.step();
      await clock.waited();
    },
  };
};

test('a job that changes is told with its status before, signed as by Wix', async () => {
  const { clock, call, next, look } = await open();
  await call(`/${soonFailingJobId}`, { 'wix-site-id': 'site-1' });
  await look();
  clock.advance(45_000);
  void look();
  let told = await next();
  while (told.event.entityId !== soonFailingJobId) told = await next();
  expect(told).toMatchObject({
    eventType: 'wix.hub.v1.job_updated',
    instanceId: 'site-1',
    accountInfo: { siteId: 'site-1' },
    lifeSeconds: 300_000,
    event: {
      slug: 'updated',
      entityFqdn: 'wix.hub.v1.job',
      entityEventSequence: '1',
      updatedEvent: {
        currentEntity: { id: soonFailingJobId, status: 'FAILED' },
        modifiedFields: { status: 'IN_PROGRESS' },
      },
    },
  });
});

test.each(['vanish', 'keep'] as const)(
  'a terminated job is told as deleted once where it would %s',
  async (terminated) => {
    const { call, next, look, waiting } = await open({ terminated });
    await call(`/${longRunningJobId}`);
    await look();
    await call(`/${longRunningJobId}/terminate`, {}, {});
    void look();
    const { event, ...envelope } = await next();
    expect(envelope.accountInfo).toBeUndefined();
    expect(event).toMatchObject({ slug: 'deleted', entityId: longRunningJobId, deletedEvent: {} });
    await look();
    expect(waiting).toEqual([]);
  },
);

test('a submitted job is told as created', async () => {
  const { call, next, look } = await open();
  await call('');
  await look();
  const source = { wixDataCollection: { collectionId: 'products' } };
  await call('', {}, { source, destination: { file: { format: 'CSV' } } });
  void look();
  const { event } = await next();
  expect(event).toMatchObject({ slug: 'created', createdEvent: { entity: { source } } });
});

test('nothing is told of a site that nobody has been to, nor of jobs that stay as they are', async () => {
  const { call, look, waiting } = await open();
  await look();
  await call(`/${initializingJobId}`);
  await look();
  await look();
  expect(waiting).toEqual([]);
});

test('an address that answers to nothing hinders nobody, and the sandbox closes', async () => {
  const silent = createServer();
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    silent.closeAllConnections();
    silent.close();
  });
  const address = silent.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const { call, clock, sandbox } = await open({ webhookUrl: `http://127.0.0.1:${port}/` });
  await call('');
  await clock.step();
  await clock.waited();
  await call(`/${longRunningJobId}/terminate`, {}, {});
  await clock.step();
  expect((await call('')).status).toBe(200);
  await sandbox.close();
});

test('there is no key where nothing is sent', async () => {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  expect(sandbox.webhookPublicKey).toBeNull();
});

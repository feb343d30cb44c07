import { describe, expect, it } from 'vitest';
import { ask, start, urlOf } from './support/gateway-process.ts';
import { askForEvents, openSocket, watchByEvents } from './support/live-client.ts';
import { startMovingJobs } from './support/moving-jobs.ts';
import { guid, jobRow, jobsPage } from './support/rows.ts';
import { startScriptedUpstream } from './support/scripted-upstream.ts';

const caller = { authorization: 'any' };
const submit =
  'mutation Submit { submitJob(input: { source: { wixDataCollection: { collectionId: "a" } }, destination: { file: { format: CSV } } }) { job { id } } }';
const watching = `subscription { jobUpdated(id: "${guid(1)}") { kind } }`;

/** A gateway over an upstream that answers a submit when it is let. */
const openSubmitting = async (env: Record<string, string> = {}) => {
  const { promise: asked, resolve: noteCall } = Promise.withResolvers<void>();
  const { promise: let_, resolve: letAnswer } = Promise.withResolvers<void>();
  const upstream = await startScriptedUpstream(async ({ operation }) => {
    if (operation !== 'SubmitJob') return jobsPage([]);
    noteCall();
    await let_;
    return { json: { job: jobRow(7) } };
  });
  const gateway = start({ env: { PORT: '0', WIX_API_URL: upstream.url.href, ...env } });
  const url = await urlOf(gateway);
  return { upstream, gateway, url, origin: new URL(url).origin, asked, letAnswer };
};

describe('a gateway that is told to stop', () => {
  it('is not ready from then on, but alive, and serves who stays until they have left', async () => {
    const { gateway, url, origin, asked, letAnswer } = await openSubmitting({ DRAIN_MS: '0' });
    const { operate } = await openSocket(url, { params: caller });
    const reply = operate(submit);
    await asked;
    expect((await fetch(`${origin}/ready`)).status).toBe(200);
    gateway.kill('SIGTERM');
    await gateway.logged(/SIGTERM: stopping/);
    const ready = await fetch(`${origin}/ready`);
    expect([ready.status, ready.headers.get('connection')]).toEqual([503, 'close']);
    expect(await ready.json()).toMatchObject({ status: 'not ready', checks: { gateway: 'stopping' } });
    expect((await fetch(`${origin}/health`)).status).toBe(200);
    expect((await ask(url, '{ jobs { nodes { id } } }', caller)).data.jobs.nodes).toEqual([]);
    await expect(openSocket(url, { params: caller })).rejects.toThrow('503');
    letAnswer();
    expect((await reply.next()).data.submitJob.job.id).toBe(guid(7));
    expect((await gateway.closed).code).toBe(0);
  });

  it.each(['HTTP', 'a WebSocket'])(
    'answers a submit under way over %s first, and loses no line of its log',
    async (way) => {
      const { gateway, url, asked, letAnswer } = await openSubmitting({ DRAIN_MS: '0' });
      const { operate, closed } = await openSocket(url, { params: caller });
      const replied =
        way === 'HTTP'
          ? ask(url, submit, caller)
          : operate(submit)
              .next()
              .then(({ data }) => ({ data }));
      await asked;
      gateway.kill('SIGTERM');
      await gateway.logged(/SIGTERM: stopping/);
      letAnswer();
      expect((await replied).data.submitJob.job.id).toBe(guid(7));
      expect(await closed).toEqual({ code: 1001, reason: 'The gateway is restarting' });
      expect(await gateway.closed).toMatchObject({ code: 0, err: '' });
      expect(gateway.lines().slice(-2)).toMatchObject([
        { msg: 'operation', operation: 'Submit', errors: [] },
        { msg: 'Stopped' },
      ]);
    },
  );

  it('answers a submit of a client that would take an event stream', async () => {
    const { gateway, url, asked, letAnswer } = await openSubmitting({ DRAIN_MS: '0' });
    const accept = 'application/json, text/event-stream';
    const replied = ask(url, submit, { ...caller, accept });
    const { closed } = await openSocket(url, { params: caller });
    await asked;
    gateway.kill('SIGTERM');
    // by now event streams have been cut
    expect((await closed).code).toBe(1001);
    letAnswer();
    expect((await replied).data.submitJob.job.id).toBe(guid(7));
    expect((await gateway.closed).code).toBe(0);
  });

  it('lets a submit be done whose client has left', async () => {
    const { upstream, gateway, url, asked, letAnswer } = await openSubmitting({ DRAIN_MS: '0' });
    const { operate, socket } = await openSocket(url, { params: caller });
    operate(submit);
    await asked;
    socket.terminate();
    gateway.kill('SIGTERM');
    await gateway.logged(/SIGTERM: stopping/);
    letAnswer();
    expect((await gateway.closed).code).toBe(0);
    expect(upstream.count('SubmitJob')).toBe(1);
  });

  it('starts nothing new on a socket that it only keeps for an answer', async () => {
    const { gateway, url, asked, letAnswer } = await openSubmitting({ DRAIN_MS: '0' });
    const { operate, roundTrip } = await openSocket(url, { params: caller });
    const reply = operate(submit);
    await asked;
    gateway.kill('SIGTERM');
    await gateway.logged(/SIGTERM: stopping/);
    await roundTrip();
    // it is told to the sockets a moment after it is logged
    let told = await operate('{ jobs { nodes { id } } }').next();
    while (told.errors === undefined) told = await operate('{ jobs { nodes { id } } }').next();
    expect(told.errors[0].extensions.code).toBe('UPSTREAM_UNAVAILABLE');
    letAnswer();
    expect((await reply.next()).data.submitJob.job.id).toBe(guid(7));
    expect((await gateway.closed).code).toBe(0);
  });

  it('exits 1 at a second signal, and says so', async () => {
    const { gateway, url, asked } = await openSubmitting({ DRAIN_MS: '0' });
    ask(url, submit, caller).catch(() => 'cut off');
    await asked;
    gateway.kill('SIGTERM');
    await gateway.logged(/SIGTERM: stopping/);
    gateway.kill('SIGTERM');
    expect((await gateway.closed).code).toBe(1);
    expect((await gateway.logged(/SIGTERM again/))['level']).toBe(50);
  });

  it('exits 1 at the deadline, having waited for it', async () => {
    const { gateway, url, asked } = await openSubmitting({ DRAIN_MS: '0', UPSTREAM_TIMEOUT_MS: '100' });
    const reply = ask(url, submit, caller).catch(() => 'cut off');
    await asked;
    gateway.kill('SIGTERM');
    expect((await gateway.closed).code).toBe(1);
    expect(await reply).toBe('cut off');
    expect((await gateway.logged(/cut off/)).msg).toContain('not finished in time');
  });

  it('ends sockets and event streams so that their clients come back, and exits 0', async () => {
    const upstream = await startMovingJobs(2);
    const gateway = start({ env: { PORT: '0', WIX_API_URL: upstream.url.href, DRAIN_MS: '50' } });
    const url = await urlOf(gateway);
    const { operate, closed } = await openSocket(url, { params: caller });
    const watches = [operate(watching), watchByEvents(url, watching, { headers: caller })];
    for (const watch of watches) expect((await watch.next()).data.jobUpdated.kind).toBe('SNAPSHOT');
    gateway.kill('SIGTERM');
    expect((await closed).code).toBe(1001);
    expect((await gateway.closed).code).toBe(0);
    const ended = gateway.lines().filter(({ msg }) => msg === 'subscription ended');
    expect(ended.map(({ transport }) => transport).sort()).toEqual(['sse', 'ws']);
    expect(ended.map(({ stopping }) => stopping)).toEqual([true, true]);
  });

  it('cuts event streams, as an end in order would say that no more will come', async () => {
    const upstream = await startMovingJobs(2);
    const gateway = start({ env: { PORT: '0', WIX_API_URL: upstream.url.href, DRAIN_MS: '50' } });
    const response = await fetch(await urlOf(gateway), {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...caller },
      body: JSON.stringify({ query: watching }),
    });
    let text = '';
    const read = async () => {
      for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        text += chunk;
        if (text.includes('SNAPSHOT')) gateway.kill('SIGTERM');
      }
    };
    await expect(read()).rejects.toThrow('terminated');
    expect(text).not.toContain('event: complete');
  });

  it('ends event streams that begin only then, of clients that take anything too', async () => {
    const upstream = await startMovingJobs(2);
    const gateway = start({ env: { PORT: '0', WIX_API_URL: upstream.url.href, DRAIN_MS: '0' } });
    const url = await urlOf(gateway);
    const answer = upstream.hold('QueryJobs');
    const asked = upstream.next();
    const { response } = askForEvents(url, { query: watching }, { ...caller, accept: '*/*' });
    const { closed } = await openSocket(url, { params: caller });
    await asked;
    gateway.kill('SIGTERM');
    expect((await closed).code).toBe(1001);
    answer();
    await expect(response).rejects.toThrow('socket hang up');
    expect((await gateway.closed).code).toBe(0);
  });
});

import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { askForEvents, readEvents } from './support/live-client.ts';
import { callerHeaders, openServer } from './support/live-server.ts';
import { memoryLog } from './support/memory-log.ts';
import { startMovingJobs } from './support/moving-jobs.ts';
import { guid } from './support/rows.ts';

const watchJob = `subscription ($id: ID!) { jobUpdated(id: $id) { kind } }`;
const variables = { id: guid(0) };

describe('an event stream', () => {
  it('tells proxies to pass each event on at once, unlike other answers', async () => {
    const jobs = await startMovingJobs(1);
    const { url } = await openServer(jobs.url);
    const { headers } = await askForEvents(url, { query: watchJob, variables }).response;
    expect(headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
    });
    const json = await fetch(`${url}?query={__typename}`);
    expect(json.headers.get('x-accel-buffering')).toBeNull();
  });

  it('opens at once and pings every 12 seconds', async () => {
    const jobs = await startMovingJobs(0);
    const { url } = await openServer(jobs.url);
    // yoga pings more often in tests
    vi.stubEnv('NODE_ENV', 'production');
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => {
      vi.useRealTimers();
      vi.unstubAllEnvs();
    });
    const events = readEvents(
      await askForEvents(url, { query: 'subscription { jobsUpdated { kind } }' }).response,
    );
    expect((await events.next()).value?.event).toBe('ping');
    for (let pings = 1; pings <= 3; pings += 1) {
      const next = events.next();
      vi.advanceTimersByTime(11_999);
      jobs.move(pings);
      expect((await next).value?.event).toBe('next');
      vi.advanceTimersByTime(1);
      expect((await events.next()).value?.event).toBe('ping');
    }
  });

  it('may be asked for by GET, as an EventSource does', async () => {
    const jobs = await startMovingJobs(1, () => ({ status: 'COMPLETED' }));
    const { url } = await openServer(jobs.url);
    const search = new URLSearchParams({ query: watchJob, variables: JSON.stringify(variables) });
    const response = await fetch(`${url}?${search}`, {
      headers: { accept: 'text/event-stream', ...callerHeaders },
    });
    expect(await response.text()).toBe(
      ':\n\nevent: next\ndata: {"data":{"jobUpdated":{"kind":"SNAPSHOT"}}}\n\nevent: complete\ndata:\n\n',
    );
  });

  it('is what a subscription must be asked for as, over HTTP', async () => {
    const jobs = await startMovingJobs(1);
    const server = await openServer(jobs.url);
    const response = await fetch(server.url, {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/json', ...callerHeaders },
      body: JSON.stringify({ query: watchJob, variables }),
    });
    expect([response.status, await response.json()]).toMatchObject([
      406,
      {
        errors: [
          { message: expect.stringContaining('text/event-stream'), extensions: { code: 'BAD_USER_INPUT' } },
        ],
      },
    ]);
    expect((await server.watching()).watchedJobs).toBe(0);
    expect(jobs.count()).toBe(0);
  });
});

describe('an event stream whose client leaves before it begins', () => {
  it('is over for all who count it', async () => {
    const jobs = await startMovingJobs(1);
    const memory = memoryLog();
    const server = await openServer(jobs.url, { ADDRESS_SOCKETS: '1' }, memory.log);
    const answer = jobs.hold('QueryJobs');
    const asked = jobs.next();
    const { leave } = askForEvents(server.url, { query: watchJob, variables });
    await asked;
    leave();
    // the gateway knows that it has left, and has yet to answer
    while ((await server.watching()).watchedJobs > 0);
    answer();
    expect(await memory.logged('subscription ended')).toMatchObject({ transport: 'sse', errors: [] });
    const metrics = await (await fetch(`${server.origin}/metrics`)).text();
    expect(metrics).toContain('gateway_subscribers{transport="sse"} 0');
    const { response } = askForEvents(server.url, { query: watchJob, variables });
    const events = readEvents(await response);
    await events.next();
    expect(JSON.parse((await events.next()).value?.text ?? '')).toEqual({
      data: { jobUpdated: { kind: 'SNAPSHOT' } },
    });
  });
});

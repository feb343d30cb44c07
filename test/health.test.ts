import { describe, expect, it } from 'vitest';
import { openGateway } from './support/gateway.ts';
import { openServer } from './support/live-server.ts';
import { lookup } from './support/rows.ts';
import { startScriptedUpstream } from './support/scripted-upstream.ts';

const open = async (env: Record<string, string> = {}) => {
  const upstream = await startScriptedUpstream(lookup([]));
  return { upstream, ...(await openServer(upstream.url, env)) };
};

describe('a running gateway', () => {
  it.each(['GET', 'HEAD'])(
    'is healthy and ready, without asking upstream or who it is: %s',
    async (method) => {
      const { origin, upstream } = await open();
      for (const path of ['/health', '/ready', '/ready?verbose']) {
        const answer = await fetch(`${origin}${path}`, { method });
        expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
      }
      expect(upstream.count()).toBe(0);
    },
  );

  it('says what it has looked at', async () => {
    const { origin } = await open();
    expect(await (await fetch(`${origin}/health`)).json()).toEqual({ status: 'ok' });
    expect(await (await fetch(`${origin}/ready`)).json()).toEqual({
      status: 'ready',
      checks: { gateway: 'ok' },
    });
  });

  it('stays ready while Wix is away: no other replica could do better', async () => {
    const { origin, upstream, ask } = await open();
    await upstream.stop();
    expect((await ask('{ jobs { nodes { id } } }')).errors?.[0]?.extensions.code).toBe(
      'UPSTREAM_UNAVAILABLE',
    );
    expect((await fetch(`${origin}/ready`)).status).toBe(200);
  });

  it('stays ready while Redis is away, and names it: each replica serves alone', async () => {
    const { origin } = await open({ REDIS_URL: 'redis://127.0.0.1:1' });
    const ready = await fetch(`${origin}/ready`);
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { status: 'ready', checks: { gateway: 'ok', redis: expect.stringMatching(/^Redis is away/) } },
    ]);
  });

  it('has one owner of these addresses: GraphQL answers for its own alone', async () => {
    const { origin, upstream } = await open();
    const nested = await fetch(`${origin}/graphql/health`);
    expect(nested.status).toBe(404);
    const gateway = openGateway(upstream.url);
    expect((await gateway.fetch(new Request('http://gateway/health'))).status).toBe(404);
    expect((await fetch(`${origin}/health`, { method: 'POST' })).status).toBe(404);
  });
});

import { describe, expect, it, onTestFinished } from 'vitest';
import type { CredentialSettings } from '../src/config/credential-settings.ts';
import { systemClock } from '../src/domain/clock.ts';
import { allPages } from '../src/paging/all-pages.ts';
import { startSandbox } from '../src/sandbox/sandbox.ts';
import { silentLog } from '../src/telemetry/log.ts';
import { createCaller } from '../src/upstream/caller.ts';
import { compileJobQuery } from '../src/upstream/job-query.ts';
import { createUpstream } from '../src/upstream/upstream.ts';
import { usualUpstream } from './support/gateway.ts';
import { askedIds, guid, jobRow, jobsPage, lookup } from './support/rows.ts';
import { startScriptedUpstream } from './support/scripted-upstream.ts';

const open = (url: URL | string, credentials: CredentialSettings = { mode: 'passthrough' }) => {
  const upstream = createUpstream({
    ...usualUpstream,
    url: new URL(url),
    clock: systemClock,
    random: Math.random,
    credentials,
    log: silentLog,
  });
  onTestFinished(() => upstream.close());
  return upstream;
};

const caller = (authorization: string, siteId: string | null = null) =>
  createCaller({ authorization, siteId, accountId: null });

describe('ListJobs', () => {
  it('gives the same jobs as a query without conditions, by ascending id', async () => {
    const at = Date.now();
    const sandbox = await startSandbox({ now: () => at });
    onTestFinished(() => sandbox.close());
    const { jobs } = open(sandbox.url).as(caller('anything'), 'query');
    const listed = await allPages((page) => jobs.list(page));
    const byId = compileJobQuery({}, [{ field: 'ID', direction: 'ASC' }]);
    const queried = await allPages((page) => jobs.query(byId, page));
    expect(listed.map(({ id }) => id)).toEqual(queried.map(({ id }) => id));
    expect(listed.length).toBeGreaterThan(60);
  });

  it('sends a cursor so that it arrives as it is', async () => {
    const cursor = 'a+b/c=&d e%é';
    const upstream = await startScriptedUpstream(({ search }) =>
      search.get('paging.cursor') === cursor ? jobsPage([jobRow(1)]) : jobsPage([jobRow(0)], cursor),
    );
    const { jobs } = open(upstream.url).as(caller('anything'), 'query');
    expect(await allPages((page) => jobs.list(page))).toHaveLength(2);
    expect(upstream.calls.map(({ search }) => search.get('paging.limit'))).toEqual(['100', '100']);
  });
});

describe('jobs that several ask for in one turn', () => {
  it('reach those who stay when the first has left before the call', async () => {
    const upstream = await startScriptedUpstream(lookup([jobRow(0), jobRow(1)]));
    const client = open(upstream.url);
    const leave = new AbortController();
    const left = client.as(caller('anything'), 'query', leave.signal).jobs.get(guid(0));
    const stays = new AbortController();
    const found = client.as(caller('anything'), 'query', stays.signal).jobs.get(guid(1));
    leave.abort();
    await expect(left).rejects.toBe(leave.signal.reason);
    expect(await found).toMatchObject({ name: 'Job 1' });
    expect(upstream.calls.flatMap(askedIds)).toEqual([guid(1)]);
  });
});

describe('a credential that no header can carry', () => {
  it.each(['new\nline', 'nul\0', 'Ключ'])('is refused before any call: %j', async (text) => {
    const upstream = await startScriptedUpstream(() => jobsPage([]));
    const client = open(upstream.url);
    for (const each of [caller(text), caller('fine', text)]) {
      await expect(client.as(each, 'query').jobs.get('x')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
    expect(upstream.count()).toBe(0);
  });
});

describe('a token that is being got', () => {
  it('is not waited for by who leaves, and is got for the others', async () => {
    const asked = Promise.withResolvers<void>();
    const given = Promise.withResolvers<void>();
    const upstream = await startScriptedUpstream(async ({ operation }) => {
      if (operation !== 'CreateAccessToken') return { json: { job: jobRow(0) } };
      asked.resolve();
      await given.promise;
      return { json: { access_token: 'token' } };
    });
    const client = open(upstream.url, {
      mode: 'app',
      scheme: 'bare',
      appId: 'app',
      appSecret: 'secret',
      instanceId: 'instance',
    });
    const own = client.callerOf({ authorization: null, siteId: null, accountId: null });
    const leaving = new AbortController();
    const left = client.as(own, 'write', leaving.signal).jobs.get(guid(1));
    const stays = client.as(own, 'write', new AbortController().signal).jobs.get(guid(0));
    await asked.promise;
    leaving.abort();
    await expect(left).rejects.toBe(leaving.signal.reason);
    given.resolve();
    expect((await stays)?.id).toBe(guid(0));
    // nor is a token waited for by who has left before
    await expect(client.as(own, 'write', leaving.signal).jobs.get(guid(1))).rejects.toBe(
      leaving.signal.reason,
    );
    expect(upstream.calls.map(({ path }) => path)).toEqual([
      '/oauth2/token',
      `/data-mover/v1/jobs/${guid(0)}`,
    ]);
  });
});

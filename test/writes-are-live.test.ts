import { describe, expect, it } from 'vitest';
import { createFakeClock, settled } from './support/fake-clock.ts';
import { openGateway, type TestGateway } from './support/gateway.ts';
import { guid, jobRow, jobsPage, notFound, type Row } from './support/rows.ts';
import { startScriptedUpstream } from './support/scripted-upstream.ts';

/** Reads the events of a subscription over SSE as they come. */
const watch = async (gateway: TestGateway, query: string) => {
  const response = await gateway.fetch(
    new Request('http://gateway/graphql', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        authorization: 'test-credential',
      },
      body: JSON.stringify({ query }),
    }),
  );
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return {
    /** The next event that carries data. */
    async next(): Promise<Row> {
      for (;;) {
        const [, json, rest] = /^[\s\S]*?event: next\ndata: (.*)\n\n([\s\S]*)$/.exec(text) ?? [];
        if (json !== undefined) {
          text = rest ?? '';
          return JSON.parse(json).data;
        }
        const { value, done } = (await reader?.read()) ?? { done: true };
        if (done) throw new Error(`the stream ended after ${text}`);
        text += value;
      }
    },
    leave: () => reader?.cancel(),
  };
};

describe('a write shows at once', () => {
  it('a submitted job in the feed, a terminated one in its watch, without waiting for a look', async () => {
    const clock = createFakeClock(Date.now());
    let job: Row | null = null;
    const upstream = await startScriptedUpstream(({ operation, body }) => {
      if (operation === 'SubmitJob') {
        job = jobRow(0, {
          ...body,
          status: 'INITIALIZING',
          finishedAt: null,
          startedAt: new Date(clock.now()).toISOString(),
        });
        return { json: { job } };
      }
      if (operation === 'TerminateJob') {
        const terminated = job;
        job = null;
        return { json: { job: terminated } };
      }
      if (operation === 'GetJob') return job === null ? notFound : { json: { job } };
      return jobsPage(job === null ? [] : [job]);
    });
    const gateway = openGateway(upstream.url, { clock });
    const asked = async <Answer>(answer: Promise<Answer>) => {
      const calls = upstream.count();
      while (upstream.count() === calls) {
        await clock.advance(20);
        await settled();
      }
      return answer;
    };
    const feed = await asked(watch(gateway, 'subscription { jobsUpdated { kind job { id status } } }'));

    const looks = () => upstream.count('QueryJobs');
    const before = looks();
    await gateway.ask(
      'mutation { submitJob(input: { source: { file: { fileId: "f" } }, destination: { wixDataCollection: { collectionId: "c" } } }) { job { id } } }',
    );
    expect((await feed.next()).jobsUpdated).toEqual({
      kind: 'SUBMITTED',
      job: { id: guid(0), status: 'INITIALIZING' },
    });
    expect(looks()).toBe(before);

    const single = await asked(
      watch(gateway, `subscription { jobUpdated(id: "${guid(0)}") { kind job { status } } }`),
    );
    expect((await single.next()).jobUpdated.kind).toBe('SNAPSHOT');
    const beforeEnd = looks();
    await gateway.ask(
      `mutation { terminateJob(input: { id: "${guid(0)}" }) { job { id } userErrors { code } } }`,
    );
    expect((await single.next()).jobUpdated).toEqual({ kind: 'DELETED', job: { status: 'INITIALIZING' } });
    expect((await feed.next()).jobsUpdated.kind).toBe('DELETED');
    await expect(single.next()).rejects.toThrow('the stream ended');
    expect(looks()).toBe(beforeEnd);
    await feed.leave();
  });
});

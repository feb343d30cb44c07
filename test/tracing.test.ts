import { describe, expect, it } from 'vitest';
import { ask, start, urlOf } from './support/gateway-process.ts';
import { openSocket } from './support/live-client.ts';
import { startMovingJobs } from './support/moving-jobs.ts';
import { guid, type Row } from './support/rows.ts';
import { type ScriptedUpstream, startScriptedUpstream } from './support/scripted-upstream.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
const caller = { authorization: 'canary' };
const two = `query Two { a: job(id: "${guid(1)}") { id } b: job(id: "${guid(2)}") { id } }`;

const spansOf = ({ calls }: ScriptedUpstream): Row[] =>
  calls
    .flatMap(({ body }) => body.resourceSpans)
    .flatMap(({ resource, scopeSpans }: Row) =>
      scopeSpans.flatMap(({ spans }: Row) => spans.map((span: Row) => ({ ...span, resource }))),
    );
const attributesOf = ({ attributes }: Row) =>
  Object.fromEntries(attributes.map(({ key, value }: Row) => [key, Object.values(value)[0]]));

/** A gateway as it is started, beside a collector that keeps what it is sent. */
const open = async (env: Record<string, string> = {}) => {
  const upstream = await startMovingJobs(3);
  const collector = await startScriptedUpstream(() => ({ json: {} }));
  const gateway = start({
    env: {
      PORT: '0',
      WIX_API_URL: upstream.url.href,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url.origin,
      ...env,
    },
  });
  const url = await urlOf(gateway);
  return {
    upstream,
    url,
    gateway,
    /** What the collector has once the gateway has stopped. */
    async spans() {
      gateway.kill('SIGTERM');
      expect(await gateway.closed).toMatchObject({ code: 0 });
      return spansOf(collector);
    },
  };
};

describe('tracing', () => {
  it('goes on with the trace of the client: operation, batch and upstream call in each other', async () => {
    const { upstream, url, gateway, spans } = await open({ OTEL_SERVICE_NAME: 'jobs' });
    await ask(url, two, { ...caller, traceparent });
    const { headers } = upstream.calls[0] ?? {};
    const all = await spans();
    const operation = all.find(({ name }) => name === 'query');
    const batch = all.find(({ name }) => name === 'batch job');
    const call = all.find(({ name }) => name === 'upstream QueryJobs');
    expect([operation, batch, call].map((span) => span?.traceId)).toEqual([traceId, traceId, traceId]);
    expect(operation?.parentSpanId).toBe('b7ad6b7169203331');
    expect(batch?.parentSpanId).toBe(operation?.spanId);
    expect(call?.parentSpanId).toBe(batch?.spanId);
    expect(headers?.['traceparent']).toBe(`00-${traceId}-${call?.spanId}-01`);
    // as OTLP counts them: of a server, within, and of a client
    expect([operation, batch, call].map((span) => span?.kind)).toEqual([2, 1, 3]);
    expect(attributesOf(operation?.resource)).toMatchObject({
      'service.name': 'jobs',
      'service.instance.id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(call?.attributes).toContainEqual({
      key: 'http.response.status_code',
      value: { intValue: 200 },
    });
    expect(await gateway.logged(/^operation$/)).toMatchObject({ traceId });
    expect(JSON.stringify(all)).not.toContain('canary');
  });

  it('sends upstream nothing of the caller but their credential and the trace', async () => {
    const { upstream, url } = await open();
    await ask(url, two, {
      ...caller,
      traceparent,
      tracestate: 'canary=1',
      baggage: 'canary=1',
      cookie: 'canary=1',
      'x-request-id': 'canary-1',
    });
    expect(Object.keys(upstream.calls[0]?.headers ?? {}).sort()).toEqual([
      'accept',
      'authorization',
      'connection',
      'content-length',
      'content-type',
      'host',
      'traceparent',
    ]);
  });

  it('begins traces of its own, of polls too, and says which failed', async () => {
    const { upstream, url, gateway, spans } = await open();
    const { operate } = await openSocket(url, { params: caller });
    const watch = operate(`subscription Watch { jobUpdated(id: "${guid(1)}") { kind } }`);
    await watch.next();
    upstream.answer = () => ({ status: 403, json: {} });
    await ask(url, two, caller);
    const line = await gateway.logged(/^operation$/);
    watch.leave();
    const all = await spans();
    const poll = all.find(({ name }) => name === 'poll');
    const subscription = all.find(({ name }) => name === 'subscription');
    expect(subscription?.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect([poll?.parentSpanId ?? '', poll?.traceId === subscription?.traceId]).toEqual(['', false]);
    expect(
      all.some(({ name, parentSpanId }) => /^upstream/.test(name) && parentSpanId === poll?.spanId),
    ).toBe(true);
    const failed = all.find((span) => span.name === 'upstream QueryJobs' && span.traceId === line['traceId']);
    expect(failed?.status).toEqual({ code: 2, message: 'FORBIDDEN' });
    expect(attributesOf(failed ?? {})).toMatchObject({ 'http.response.status_code': 403 });
    const operation = all.find(({ name, traceId: id }) => name === 'query' && id === line['traceId']);
    expect(operation?.status).toEqual({ code: 2, message: 'FORBIDDEN' });
  });

  it('has a span, and so a trace in the log, of what was refused before it ran', async () => {
    const { url, gateway, spans } = await open();
    await ask(url, 'query Wrong { nothing }', { ...caller, traceparent });
    const line = await gateway.logged(/^operation$/);
    expect(line).toMatchObject({ traceId, caller: expect.stringMatching(/^[\w-]{10}$/) });
    const [span] = (await spans()).filter(({ name }) => name === 'query');
    expect(span).toMatchObject({
      traceId,
      kind: 2,
      status: { code: 2, message: 'GRAPHQL_VALIDATION_FAILED' },
    });
  });

  it('says when its collector cannot be reached', async () => {
    const { url, gateway } = await open({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      OTEL_EXPORTER_OTLP_TIMEOUT: '500',
    });
    await ask(url, two, caller);
    const line = await gateway.logged(/^traces cannot be sent/);
    expect(line['level']).toBe(40);
    const metrics = await fetch(new URL('/metrics', url)).then((response) => response.text());
    expect(metrics).toMatch(/gateway_trace_exports_total\{result="lost"\} 1/);
  });

  it.each([
    { OTEL_EXPORTER_OTLP_ENDPOINT: '' },
    { OTEL_SDK_DISABLED: 'true' },
    { OTEL_TRACES_EXPORTER: 'none' },
    { OTEL_TRACES_SAMPLER: 'always_off' },
  ])('sends nothing with %j', async (env: Record<string, string>) => {
    const { url, spans } = await open(env);
    await ask(url, two, { ...caller, traceparent });
    expect(await spans()).toEqual([]);
  });

  it('that is off loads none of its packages', async () => {
    const { upstream } = await open();
    const naming = `import { registerHooks } from 'node:module';
      const load = (url, context, next) => { process.stderr.write(url + ' '); return next(url, context); };
      registerHooks({ load });`;
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(naming)}`;
    const gateway = start({ env: { PORT: '0', WIX_API_URL: upstream.url.href, NODE_OPTIONS } });
    await ask(await urlOf(gateway), two, { ...caller, traceparent });
    gateway.kill('SIGTERM');
    const { err } = await gateway.closed;
    expect(err).toContain('graphql-yoga');
    expect(err).not.toContain('@opentelemetry/sdk-trace');
    expect(upstream.calls.at(-1)?.headers['traceparent']).toBeUndefined();
  });
});

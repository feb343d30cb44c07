import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../src/config.ts';
import { type RunningServer, startServer } from '../src/server.ts';
import { silentLog } from '../src/telemetry/log.ts';
import { launchBrowser } from './support/browser.ts';

let browser: Browser;
let server: RunningServer;

beforeAll(async () => {
  const { config } = readConfig({ PORT: '0' });
  if (!config) throw new Error('The configuration of this test is not valid.');
  [browser, server] = await Promise.all([launchBrowser(), startServer(config, silentLog)]);
  // the first time, the browser is unpacked
}, 60_000);
afterAll(async () => {
  await browser.close();
  await server.close();
});

/** A proxy that lets nothing through and remembers what was asked of it. */
const openTrap = async () => {
  const caught: string[] = [];
  const trap = createServer((request, response) => {
    caught.push(request.url ?? '');
    response.writeHead(502).end();
  });
  trap.on('connect', (request, socket) => {
    caught.push(request.url ?? '');
    socket.destroy();
  });
  trap.listen(0, '127.0.0.1');
  await once(trap, 'listening');
  onTestFinished(() => {
    trap.close();
  });
  return { caught, url: `http://127.0.0.1:${(trap.address() as AddressInfo).port}` };
};

/** The playground in a browser whose every request is on record, and which reaches only the gateway's own host. */
const openPlayground = async () => {
  const trap = await openTrap();
  const context = await browser.newContext({
    viewport: { width: 1400, height: 900 },
    proxy: { server: trap.url, bypass: '127.0.0.1' },
  });
  onTestFinished(() => context.close());
  const requested: string[] = [];
  const complaints: string[] = [];
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  context.on('request', (request) => requested.push(request.url()));
  page.on('websocket', (socket) => requested.push(socket.url()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  const response = await page.goto(server.url);
  await page.locator('.graphiql-tab-button').first().waitFor();
  return { page, response, requested, complaints, strangers: trap.caught };
};

const tabsOf = (page: Page) => page.locator('.graphiql-tab-button');

/** Opens a tab, runs what is in it, and gives what came back and what is shown of it. */
const run = async (page: Page, tab: string) => {
  const header = tabsOf(page).filter({ hasText: new RegExp(`^${tab}$`) });
  const isOpen = page.locator('.graphiql-tab-active', { has: header });
  if ((await isOpen.count()) === 0) {
    await header.click();
    await isOpen.waitFor();
    // the address follows the editor once the playground has seen which operation is in it
    await page.waitForURL(({ searchParams }) => searchParams.get('query')?.includes(`query ${tab}`) === true);
  }
  const answered = page.waitForResponse(
    (response) => response.request().postDataJSON()?.operationName === tab,
  );
  await page.getByRole('button', { name: /^Execute query/ }).click();
  const result = await (await answered).json();
  const shown = page.locator('.graphiql-response .view-lines');
  await shown.getByText('"data"').waitFor();
  // the editor writes its spaces as ones that do not break
  return { result, shown: (await shown.textContent())?.replaceAll('\u00a0', ' ') };
};

describe('the playground', () => {
  it('opens with an example for the list of jobs, one job, and the schedules; each runs and shows its data', async () => {
    const { page, requested, complaints, strangers } = await openPlayground();
    expect(await page.title()).toBe('Data Movement Jobs');
    expect((await tabsOf(page).allTextContents()).slice(0, 3)).toEqual(['Jobs', 'Job', 'Schedules']);

    const jobs = await run(page, 'Jobs');
    expect(jobs.result.errors).toBeUndefined();
    expect(jobs.result.data.jobs.nodes).toHaveLength(10);
    expect(jobs.shown).toContain('"nodes"');

    const { result, shown } = await run(page, 'Job');
    expect(result.errors).toBeUndefined();
    expect(result.data.job.logs.nodes).toHaveLength(5);
    expect(result.data.job.schedule.name).toEqual(expect.any(String));
    expect(result.data.job.workflowJobs.length).toBeGreaterThan(1);
    expect(shown).toContain(`"name": "${result.data.job.name}"`);

    const schedules = await run(page, 'Schedules');
    expect(schedules.result.errors).toBeUndefined();
    expect(schedules.result.data.schedules.length).toBeGreaterThan(1);

    // the editor's workers and the connection too: nothing but the gateway itself was asked for anything
    const { origin, host } = new URL(server.url);
    expect(requested).toContain(server.url);
    expect(requested.filter((url) => !url.startsWith(origin) && !url.startsWith(`ws://${host}/`))).toEqual(
      requested.filter((url) => /^(blob|data):/.test(url)),
    );
    expect(strangers).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it('documents the graph', async () => {
    const { page } = await openPlayground();
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    const docs = page.locator('.graphiql-doc-explorer');
    await docs.getByRole('link', { name: 'Query', exact: true }).click();
    await docs.getByText("One job of the caller's site. Null when there is none with this id.").waitFor();
  });

  it('comes compressed, and once: the reload is answered 304', async () => {
    const { page, response } = await openPlayground();
    const headers = (await response?.allHeaders()) ?? {};
    expect(headers['content-encoding']).toBe('br');
    expect(Number(headers['content-length'])).toBeLessThan(2_500_000);
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Network.enable');
    const statuses: number[] = [];
    devtools.on('Network.responseReceivedExtraInfo', ({ statusCode }) => statuses.push(statusCode));
    await page.reload();
    await tabsOf(page).first().waitFor();
    expect(statuses[0]).toBe(304);
  });
});

describe('the page', () => {
  const open = (headers: Record<string, string>, path = '') =>
    fetch(new URL(path || server.url, server.url), {
      headers: { accept: 'text/html', ...headers },
      redirect: 'manual',
    });

  it('has the encoding that the browser takes', async () => {
    for (const [accepted, encoding] of [
      ['gzip, deflate, br, zstd', 'br'],
      ['br;q=0.5, gzip;q=1.0', 'br'],
      ['gzip, deflate', 'gzip'],
      ['br;q=0, gzip', 'gzip'],
      ['identity', null],
    ]) {
      const response = await open({ 'accept-encoding': accepted ?? '' }, '/graphql');
      expect(response.headers.get('content-encoding')).toBe(encoding);
      expect(await response.text()).toContain('<title>Data Movement Jobs</title>');
    }
  });

  it('may load and run nothing but its own script, by its hash, and is shown in no frame', async () => {
    const response = await open({});
    const html = await response.text();
    const script = html.slice(html.indexOf('<script>') + 8, html.lastIndexOf('</script>'));
    const hash = createHash('sha256').update(script).digest('base64');
    const policy = response.headers.get('content-security-policy');
    expect(policy?.split('; ')).toEqual([
      "default-src 'none'",
      `script-src 'sha256-${hash}'`,
      "style-src 'unsafe-inline'",
      'worker-src blob:',
      'img-src data:',
      'font-src data:',
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]);
    const guards = {
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'same-origin',
    };
    expect(Object.fromEntries(response.headers)).toMatchObject(guards);
    const again = await open({ 'if-none-match': response.headers.get('etag') ?? '' });
    expect(again.status).toBe(304);
    expect(Object.fromEntries(again.headers)).toMatchObject(guards);
  });

  it('is told apart by what is accepted: a client that wants JSON gets JSON', async () => {
    const response = await open({ accept: 'application/json' }, '/graphql?query={__typename}');
    expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
  });

  it('is where the bare address leads', async () => {
    const response = await open({}, '/');
    expect([response.status, response.headers.get('location')]).toEqual([302, '/graphql']);
  });
});

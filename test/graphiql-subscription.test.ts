import { expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../src/config.ts';
import { startServer } from '../src/server.ts';
import { silentLog } from '../src/telemetry/log.ts';
import { launchBrowser } from './support/browser.ts';
import { createInbox, type Frame } from './support/live-client.ts';

it('the playground runs its subscription over a WebSocket, shows what happens, and stops it', async () => {
  const { config } = readConfig({
    PORT: '0',
    POLL_MIN_MS: '100',
    POLL_MAX_MS: '100',
    POLL_SHARE: '1',
    UPSTREAM_REQUESTS_PER_MINUTE: '6000',
  });
  if (!config) throw new Error('The configuration of this test is not valid.');
  const [browser, server] = await Promise.all([launchBrowser(), startServer(config, silentLog)]);
  onTestFinished(() => server.close());
  onTestFinished(() => browser.close());
  const watchedJobs = async () => {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ upstream { watchedJobs } }' }),
    });
    return (await response.json()).data.upstream.watchedJobs;
  };
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  const addresses: string[] = [];
  const received = createInbox<Frame>();
  const sent = createInbox<Frame>();
  page.on('websocket', (socket) => {
    addresses.push(socket.url());
    socket.on('framereceived', ({ payload }) => received.push(JSON.parse(String(payload))));
    socket.on('framesent', ({ payload }) => sent.push(JSON.parse(String(payload))));
  });
  await page.goto(server.url);
  await page.locator('.graphiql-tab-button', { hasText: /^Watch$/ }).click();
  // the address follows the editor once the playground has seen which operation is in it
  await page.waitForURL(
    ({ searchParams }) => searchParams.get('query')?.includes('subscription Watch') === true,
  );
  await page.getByRole('button', { name: /^Execute query/ }).click();

  const kinds: string[] = [];
  while (kinds.length < 4) {
    const { type, payload } = await received.next();
    if (type === 'next') kinds.push(payload.data.jobUpdated.kind);
  }
  expect(kinds).toEqual(['SNAPSHOT', 'PROGRESSED', 'PROGRESSED', 'PROGRESSED']);
  await page.locator('.graphiql-response .view-lines').getByText('"PROGRESSED"').waitFor();
  expect(await watchedJobs()).toBe(1);

  await page.getByRole('button', { name: /^Stop query/ }).click();
  while ((await sent.next()).type !== 'complete');
  const deadline = performance.now() + 200;
  while ((await watchedJobs()) > 0 && performance.now() < deadline);
  expect(await watchedJobs()).toBe(0);
  expect(addresses).toEqual([`${server.url.replace(/^http/, 'ws')}?graphiql`]);
});

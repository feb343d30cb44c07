import type { Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../src/config.ts';
import { startServer } from '../src/server.ts';
import { silentLog } from '../src/telemetry/log.ts';
import {
  bearer,
  createKey,
  createTokenFile,
  entry,
  ownRights,
  sign,
  startIssuer,
  tokenOf,
} from './support/access.ts';
import { launchBrowser } from './support/browser.ts';
import { createInbox, type Frame } from './support/live-client.ts';

const tokens = async () => ({
  env: { GATEWAY_AUTH: 'tokens', GATEWAY_TOKENS_FILE: (await createTokenFile([entry('one')])).path },
  caller: bearer(tokenOf('one')),
});
const jwt = async () => {
  const key = await createKey('k');
  return { env: (await startIssuer(key)).env, caller: bearer(await sign(key, Date.now())) };
};

const openTab = async (page: Page, name: string, operation: string) => {
  await page.locator('.graphiql-tab-button', { hasText: new RegExp(`^${name}$`) }).click();
  // the address follows the editor once the playground has seen which operation is in it
  await page.waitForURL(({ searchParams }) => searchParams.get('query')?.includes(operation) === true);
};

/** Each tab has headers of its own. */
const writeHeaders = async (page: Page, headers: object) => {
  await page.getByRole('button', { name: 'Headers', exact: true }).click();
  await page.locator('.graphiql-editor-tool .graphiql-editor:visible .monaco-editor').click();
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.insertText(JSON.stringify(headers));
};

it.each([
  ['tokens', tokens],
  ['jwt', jwt],
])('the playground asks and watches as who its headers say, with GATEWAY_AUTH=%s', async (_mode, prepare) => {
  const { env, caller } = await prepare();
  const { config, problems } = readConfig({
    PORT: '0',
    POLL_MIN_MS: '100',
    POLL_MAX_MS: '100',
    ...ownRights,
    ...env,
  });
  if (!config) throw new Error(problems.join('\n'));
  const [browser, server] = await Promise.all([launchBrowser(), startServer(config, silentLog)]);
  onTestFinished(() => server.close());
  onTestFinished(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  const received = createInbox<Frame>();
  const sent = createInbox<Frame>();
  page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => received.push(JSON.parse(String(payload))));
    socket.on('framesent', ({ payload }) => sent.push(JSON.parse(String(payload))));
  });
  await page.goto(server.url);
  const execute = page.getByRole('button', { name: /^Execute query/ });

  const ask = async () => {
    const answered = page.waitForResponse(
      (response) => response.request().postDataJSON()?.operationName === 'Jobs',
    );
    await execute.click();
    return answered;
  };
  await openTab(page, 'Jobs', 'query Jobs');
  expect((await ask()).status()).toBe(401);
  await writeHeaders(page, caller);
  const answer = await ask();
  expect([answer.status(), await answer.json()]).toEqual([200, { data: expect.anything() }]);

  await openTab(page, 'Watch', 'subscription Watch');
  await writeHeaders(page, caller);
  await execute.click();
  expect(await sent.next()).toEqual({ type: 'connection_init', payload: caller });
  const kinds: string[] = [];
  while (kinds.length < 2) {
    const { type, payload } = await received.next();
    if (type === 'next') kinds.push(payload.data.jobUpdated.kind);
  }
  expect(kinds).toEqual(['SNAPSHOT', 'PROGRESSED']);
});

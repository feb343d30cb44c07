import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../src/config.ts';
import { usualSettings } from '../src/sandbox/settings.ts';
import { startServer } from '../src/server.ts';
import { silentLog } from '../src/telemetry/log.ts';

it('works when the lines of the README are pasted', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const [, lines = '', , exported] =
    /### Walk through\n[\s\S]*?```sh\n([\s\S]*?)```([\s\S]*?)```csv\n([\s\S]*?)```/.exec(readme) ?? [];
  const { config } = readConfig({ PORT: '0', POLL_MIN_MS: '50' });
  if (!config) throw new Error('the defaults are not valid');
  const server = await startServer(config, silentLog, { ...usualSettings, speed: 100 });
  onTestFinished(() => server.close());
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', lines], {
    cwd: new URL('..', import.meta.url),
    env: { ...process.env, GATEWAY_URL: server.url },
    timeout: 60_000,
  });
  expect(stdout).toContain('COMPLETED after');
  expect(stdout).toMatch(/"itemsSuccessful":3,"itemsRejected":1/);
  expect(stdout).toContain(
    String.raw`"sourceItemId":"3","failure":{"code":"WDH0003","description":"Column \"price\" does not hold a number."`,
  );
  expect(stdout.replaceAll('\r', '')).toContain(exported);
}, 70_000);

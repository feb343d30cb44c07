import { expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../src/config.ts';
import { startServer } from '../src/server.ts';
import { silentLog } from '../src/telemetry/log.ts';
import { memoryLog } from './support/memory-log.ts';

const servers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPServerWrap').length;

it('a start that fails half-way leaves nothing open, not even the sandbox', async () => {
  const { config } = readConfig({ PORT: '0' });
  if (!config) throw new Error('The configuration is wrong.');
  const before = servers();
  // whatever it is that cannot be made
  const broken = { ...config, allowedOrigins: ['no address'] };
  await expect(startServer(broken, silentLog)).rejects.toThrow('Invalid URL');
  // a handle is gone a few turns after its server is
  while (servers() > before) await new Promise((resolve) => setImmediate(resolve));
});

it.each([
  ['http://wix.example', '', 'WIX_API_URL is http'],
  ['http://127.0.0.1:1', '0.0.0.0/0', 'TRUSTED_PROXIES is everybody'],
  ['http://localhost:1', '10.0.0.0/8,::/0', 'TRUSTED_PROXIES is everybody'],
  ['https://wix.example', '10.0.0.0/8', null],
])('a start with upstream at %s and proxies "%s" warns of what is risky', async (url, proxies, warning) => {
  const { config } = readConfig({
    PORT: '0',
    WIX_API_URL: url,
    ...(proxies === '' ? {} : { TRUSTED_PROXIES: proxies }),
  });
  if (!config) throw new Error('The configuration is wrong.');
  const { log, events } = memoryLog();
  const server = await startServer(config, log);
  onTestFinished(() => server.close());
  const warnings = events(40).map(({ msg }) => msg);
  expect(warnings).toEqual(warning === null ? [] : [expect.stringContaining(warning)]);
});

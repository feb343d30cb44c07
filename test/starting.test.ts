import { expect, it } from 'vitest';
import { readConfig } from '../src/config.ts';
import { startServer } from '../src/server.ts';
import { silentLog } from '../src/telemetry/log.ts';

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

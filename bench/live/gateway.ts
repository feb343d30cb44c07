import { readConfig } from '../../src/config.ts';
import { mindMemory } from '../../src/memory.ts';
import { startServer } from '../../src/server.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { reportReady } from '../support/child.ts';

mindMemory();
const { config, problems } = readConfig({ ...process.env, PORT: '0', LOG_LEVEL: 'error' });
if (!config) throw new Error(problems.join('\n'));
const { url } = await startServer(config, await createLog({ level: config.logLevel, pretty: false }));
reportReady({ url });

#!/usr/bin/env node
import { usage } from './config/usage.ts';
import { readConfig } from './config.ts';
import { readSandboxSettings, sandboxEnvironment } from './sandbox/environment.ts';
import { startServer } from './server.ts';
import { createLog } from './telemetry/log.ts';

const fail: (lines: readonly string[]) => never = (lines) => {
  process.stderr.write(`${lines.join('\n')}\n`);
  process.exit(1);
};

/** A sentence for the mistakes people make when starting a server; null for anything else. */
const explain = (error: unknown, host: string, port: number): string | null => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'EADDRINUSE':
      return `PORT: ${port} is already in use on ${host}. Stop the other program, or choose another PORT (0 picks a free one).`;
    case 'EACCES':
      return `PORT: ${port} may not be opened by this user. Choose one above 1023.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `HOST: ${host} is not an address of this machine. Use 127.0.0.1, or 0.0.0.0 for all of them.`;
    default:
      return null;
  }
};

const argv = process.argv.slice(2);
if (argv.includes('--help') || argv.includes('-h')) {
  process.stdout.write(usage(sandboxEnvironment.shape));
  process.exit(0);
}
if (argv.length > 0) fail([`Unknown argument ${argv[0]}. --help says what there is.`]);

const { config, problems = [] } = readConfig(process.env);
const { settings, problems: sandboxProblems = [] } = readSandboxSettings(process.env);
if (!config || !settings) {
  fail([
    'The configuration is not valid:',
    ...[...problems, ...sandboxProblems].map((problem) => `  ${problem}`),
  ]);
}

const log = await createLog({ level: config.logLevel, pretty: process.stdout.isTTY === true });
const server = await startServer(config, log, settings).catch((error: unknown) => {
  const explanation = explain(error, config.host, config.port);
  if (explanation === null) throw error;
  return fail([explanation]);
});

let stopping = false;
const stop = async (signal: NodeJS.Signals) => {
  if (stopping) process.exit(1);
  stopping = true;
  log.info(`${signal}: stopping`);
  await server.close();
  log.info('Stopped');
  process.exitCode = 0;
};
process.on('SIGINT', stop);
process.on('SIGTERM', stop);

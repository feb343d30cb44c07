import { usage } from './config/usage.ts';
import { type Config, readConfig } from './config.ts';
import { mindMemory } from './memory.ts';
import { readSandboxSettings, sandboxEnvironment } from './sandbox/environment.ts';
import { MetricsPortError, startServer } from './server.ts';
import { createLog } from './telemetry/log.ts';
import { createPrometheus } from './telemetry/prometheus.ts';

const fail: (lines: readonly string[]) => never = (lines) => {
  process.stderr.write(`${lines.join('\n')}\n`);
  process.exit(1);
};

const explainCode = (code: unknown, prefix: string, host: string, port: number): string | null => {
  switch (code) {
    case 'EADDRINUSE':
      return `${prefix}PORT: ${port} is already in use on ${host}. Stop the other program, or choose another ${prefix}PORT (0 picks a free one).`;
    case 'EACCES':
      return `${prefix}PORT: ${port} may not be opened by this user. Choose one above 1023.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${prefix}HOST: ${host} is not an address of this machine. Use 127.0.0.1, or 0.0.0.0 for all of them.`;
    default:
      return null;
  }
};

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : null);

/** A sentence for the mistakes people make when starting a server; null for anything else. */
const explain = (error: unknown, { host, port, telemetry: { metrics } }: Config): string | null => {
  if (error instanceof MetricsPortError && metrics !== null) {
    return explainCode(codeOf(error.cause), 'METRICS_', metrics.host, metrics.port);
  }
  return explainCode(codeOf(error), '', host, port);
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

const letMemoryBe = mindMemory();
const log = await createLog({ level: config.logLevel, pretty: process.stdout.isTTY === true });
const prometheus = createPrometheus();
prometheus.followProcess();
const server = await startServer(config, log, settings, prometheus).catch((error: unknown) => {
  const explanation = explain(error, config);
  if (explanation === null) throw error;
  return fail([explanation]);
});

let stopping = false;
const stop = async (signal: NodeJS.Signals) => {
  if (stopping) {
    log.error(`${signal} again: stopped at once, and cut off what was under way`);
    // what is logged is written when the process ends
    process.exit(1);
  }
  stopping = true;
  log.info(`${signal}: stopping`);
  letMemoryBe();
  const isFinished = await server.stop();
  if (isFinished) log.info('Stopped');
  else log.error('Stopped, and cut off what was not finished in time');
  process.exit(isFinished ? 0 : 1);
};
process.on('SIGINT', stop);
process.on('SIGTERM', stop);

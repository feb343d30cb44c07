import { startSandbox } from './sandbox.ts';
import { longRunningJobId, showcaseJobId } from './seed/landmarks.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const refuse = (reason: string): never => {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
};

const readPort = (text: string): number => {
  const port = Number(text);
  const isPort = /^\d+$/.test(text) && port <= 65_535;
  return isPort ? port : refuse(`SANDBOX_PORT must be a port number from 0 to 65535, not "${text}".`);
};

const port = readPort(process.env['SANDBOX_PORT'] || '4010');
const host = process.env['HOST'] || '127.0.0.1';

const sandbox = await startSandbox({ port, host }).catch((error: unknown) =>
  refuse(`The sandbox cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : error}`),
);

const stop = (): void => {
  void sandbox.close().then(() => say('Sandbox stopped.'));
};
process.once('SIGINT', stop);
process.once('SIGTERM', stop);

const jobs = `${sandbox.url}/data-mover/v1/jobs`;
say(`Sandbox of the Wix Data Movement Jobs API at ${sandbox.url} (any Authorization header will do). Try:

  curl -H 'Authorization: any' '${jobs}?paging.limit=3'
  curl -H 'Authorization: any' ${jobs}/${showcaseJobId}
  curl -H 'Authorization: any' ${jobs}/${longRunningJobId}   # runs for a day
  curl ${sandbox.url}/_sandbox/calls                         # how often each operation was called

Ctrl-C stops it.`);

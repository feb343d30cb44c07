import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { freePort, type Pinned, startPinned } from '../support/pinned.ts';
import { projectFolder as root, startScriptOf } from '../support/start-script.ts';
import { ask, wrongWith } from './ask.ts';
import type { Question } from './workloads.ts';

/** How one of those that are compared is started. */
export interface Contender {
  readonly name: string;
  /** Where it is started; this project by default. */
  readonly cwd?: URL;
  /** With its version, for the page. */
  readonly title: string;
  command(port: number, upstreamUrl: string): readonly string[];
  env(port: number, upstreamUrl: string): Record<string, string>;
}

export interface Server {
  readonly contender: Contender;
  readonly url: string;
  readonly process: Pinned;
  /** From the start of the process to its first right answer. */
  readonly startMs: number;
}

/** In production, as graphql-js, fastify and mercurius do more in development: all are run as they are meant to be. */
const serverEnv = (port: number, upstreamUrl: string) => ({
  NODE_ENV: 'production',
  PORT: String(port),
  WIX_API_URL: upstreamUrl,
});

/** What `npm start` runs, without the shell and npm around it. */
const startCommand = (folder: URL, nodeFlags: readonly string[]): readonly string[] => {
  const { flags, program } = startScriptOf(folder);
  return [process.execPath, ...flags, ...nodeFlags, program];
};

export interface GatewayOptions {
  readonly finishedCache: boolean;
  readonly nodeFlags?: readonly string[];
  /** Variables of whoever runs the bench; they win. */
  readonly env?: Readonly<Record<string, string>>;
}

/** This gateway as shipped. Only the allowance is raised: the stub has none, and the bench would spend it at once. */
export const gateway = (
  { finishedCache, nodeFlags = [], env = {} }: GatewayOptions,
  folder: URL = root,
): Contender => ({
  name: finishedCache ? 'gateway-cached' : 'gateway',
  title: finishedCache ? 'this gateway, finished jobs remembered' : 'this gateway',
  cwd: folder,
  command: () => startCommand(folder, nodeFlags),
  env: (port, upstreamUrl) => ({
    ...startScriptOf(folder).env,
    ...serverEnv(port, upstreamUrl),
    LOG_LEVEL: 'info',
    UPSTREAM_REQUESTS_PER_MINUTE: '1000000',
    READ_CACHE_MS: '0',
    FINISHED_JOB_TTL_MS: finishedCache ? '60000' : '0',
    ...env,
  }),
});

/** The gateway of another working copy, to see what a change gives. */
export const gatewayIn = (folder: string, options: GatewayOptions): Contender => ({
  ...gateway(options, pathToFileURL(`${resolve(folder)}/`)),
  name: options.finishedCache ? 'other-cached' : 'other',
  title: 'the gateway of the other copy',
});

const versionOf = (path: string): string => JSON.parse(readFileSync(new URL(path, root), 'utf8')).version;

const plain = (): Contender => ({
  name: 'plain',
  title: `plain graphql-yoga ${versionOf('node_modules/graphql-yoga/package.json')} + DataLoader`,
  command: () => [process.execPath, 'bench/requests/plain-yoga.ts'],
  env: serverEnv,
});

const mercurius = (): Contender => ({
  name: 'mercurius',
  title: `mercurius ${versionOf('bench/peers/node_modules/mercurius/package.json')} + JIT + loaders`,
  command: () => [process.execPath, 'bench/peers/mercurius.js'],
  env: serverEnv,
});

const tailcallBinary = new URL('bench/peers/node_modules/@tailcallhq/core-linux-x64-gnu/bin/tailcall', root);

const tailcall = (): Contender => ({
  name: 'tailcall',
  title: `Tailcall ${versionOf('bench/peers/node_modules/@tailcallhq/core-linux-x64-gnu/package.json').replace('v', '')}`,
  command(port, upstreamUrl) {
    const config = readFileSync(new URL('bench/peers/tailcall.graphql', root), 'utf8')
      .replace('8000', String(port))
      .replaceAll('http://upstream', upstreamUrl);
    const path = join(tmpdir(), `tailcall-${port}.graphql`);
    writeFileSync(path, config);
    return [tailcallBinary.pathname, 'start', path];
  },
  env: () => ({ TAILCALL_TRACKER: 'false', TAILCALL_LOG_LEVEL: 'error' }),
});

/** Why it cannot run here, in its own words; null when it can. */
const tailcallProblem = (): string | null => {
  if (!existsSync(tailcallBinary)) return 'its binary is not installed (Linux on x64 with glibc only)';
  try {
    chmodSync(tailcallBinary, 0o755);
    execFileSync(tailcallBinary.pathname, ['--version'], { stdio: 'pipe' });
    return null;
  } catch (error) {
    const said = String((error as { stderr?: unknown }).stderr ?? error);
    const wanted = [...said.matchAll(/`(GLIBC_[\d.]+)' not found/g)].map(([, version]) => version).join(', ');
    return wanted === '' ? said.trim() : `its binary needs ${wanted}, which this machine has not`;
  }
};

export interface Contenders {
  readonly contenders: readonly Contender[];
  /** Who is not there, and why. */
  readonly missing: readonly string[];
}

export const peerNames: readonly string[] = ['mercurius', 'tailcall'];

/** Those that were asked for, as far as they can run here. The baseline always is. */
export const peersNamed = (names: readonly string[]): Contenders => {
  const contenders = [plain()];
  const missing: string[] = [];
  if (names.includes('mercurius')) contenders.push(mercurius());
  if (names.includes('tailcall')) {
    const problem = tailcallProblem();
    if (problem === null) contenders.push(tailcall());
    else missing.push(`Tailcall is missing: ${problem}.`);
  }
  return { contenders, missing };
};

const patienceMs = 20_000;

/** Starts it on the core that is measured, and asks until it answers right. */
export const start = async (
  contender: Contender,
  { core, upstreamUrl, first }: { core: number; upstreamUrl: string; first: Question },
): Promise<Server> => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/graphql`;
  const process = startPinned(contender.command(port, upstreamUrl), {
    core,
    env: contender.env(port, upstreamUrl),
    cwd: contender.cwd ?? root,
  });
  for (let said = 'nothing'; ; ) {
    const answer = await ask(url, { authorization: 'caller-0', body: first.body }).catch(String);
    const passed = performance.now() - process.startedAt;
    if (typeof answer !== 'string') {
      if (wrongWith(answer.body, first) === null) return { contender, url, process, startMs: passed };
      said = answer.body;
    }
    const ending = process.ending();
    if (ending === null && passed < patienceMs) continue;
    await process.stop();
    const what = ending === null ? `has not answered right within ${patienceMs} ms` : `ended with ${ending}`;
    throw new Error(`${contender.title} ${what}; its last answer was ${said.slice(0, 500)}`);
  }
};

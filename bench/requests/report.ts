import { circumstances, table } from '../support/markdown.ts';
import { mb, median, ms } from '../support/numbers.ts';
import { commandLineOf } from '../support/settings.ts';
import type { Latency } from './added-latency.ts';
import type { Server } from './servers.ts';
import type { Workload } from './workloads.ts';

/** What one server did with one workload in one round. */
export interface Round {
  readonly round: number;
  readonly contender: string;
  readonly workload: string;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly cpuPerThousand: number;
  /** How much of its core it had; well below 1 something else was in the way. */
  readonly coreShare: number;
  readonly residentBytes: number;
  readonly p50: number;
  readonly p99: number;
  readonly compared: number;
}

export interface Measured {
  readonly values: {
    readonly rounds: string;
    readonly seconds: string;
    readonly connections: string;
    readonly callers: string;
    readonly env: readonly string[];
    readonly flags: string;
  };
  /** Of the command line that repeats it. */
  readonly args: readonly string[];
  readonly chosen: readonly Workload[];
  readonly servers: readonly Server[];
  readonly rounds: readonly Round[];
  /** By server and workload: upstream calls of requests that come one after the other. */
  readonly callsPerRequest: ReadonlyMap<string, number>;
  readonly latencies: readonly Latency[];
  readonly missing: readonly string[];
}

/** How many times as fast as the best peer the gateway means to be. */
const goals: Readonly<Record<string, number>> = {
  one: 1.2,
  list: 1.1,
  aliases: 1.1,
  schedules: 2,
  finished: 2,
};

const isOurs = (name: string) => /^(gateway|other)/.test(name);
const number = (value: number) => value.toLocaleString('en', { maximumFractionDigits: value < 20 ? 2 : 0 });
const times = (value: number) => `${value.toFixed(2)} x`;

/** The median over the rounds of how one compares with another in the same round. */
const ratio = (rounds: readonly Round[], one: string, other: string, of: (round: Round) => number): number =>
  median(
    rounds
      .filter(({ contender }) => contender === one)
      .flatMap((mine) => {
        const theirs = rounds.find(({ contender, round }) => contender === other && round === mine.round);
        return theirs ? [of(mine) / of(theirs)] : [];
      }),
  );

const perSecond = (round: Round) => round.perSecond;
const perCpu = (round: Round) => 1 / round.cpuPerThousand;

const rowsOf = (
  { servers, rounds, callsPerRequest }: Measured,
  { name, title }: Workload,
): readonly (readonly string[])[] => {
  const of = rounds.filter(({ workload }) => workload === name);
  const there = servers.filter(({ contender }) => of.some((round) => round.contender === contender.name));
  return there.map(({ contender }) => {
    const mine = of.filter((round) => round.contender === contender.name);
    const middle = (of: (round: Round) => number) => median(mine.map(of));
    return [
      title,
      contender.title,
      number(middle(perSecond)),
      times(ratio(of, contender.name, 'plain', perSecond)),
      `${number(middle((round) => round.cpuPerThousand))} ms`,
      number(callsPerRequest.get(`${contender.name} ${name}`) ?? Number.NaN),
      `${middle((round) => round.p50)} / ${middle((round) => round.p99)} ms`,
      mb(Math.max(...mine.map((round) => round.residentBytes))),
      `${(middle((round) => round.coreShare) * 100).toFixed(0)} %`,
    ];
  });
};

const verdict = (isReached: boolean) => (isReached ? 'reached' : 'not reached');

const goalOf = ({ rounds }: Measured, { name, title }: Workload): readonly string[] => {
  const of = rounds.filter(({ workload }) => workload === name);
  const names = [...new Set(of.map(({ contender }) => contender))];
  const ours = names.find(isOurs) ?? '';
  const speed = (peer: string) => ratio(of, peer, 'plain', perSecond);
  const best =
    names.filter((peer) => !isOurs(peer)).toSorted((one, other) => speed(other) - speed(one))[0] ?? '';
  const reached = ratio(of, ours, best, perSecond);
  const goal = goals[name] ?? 1;
  return [
    title,
    best,
    times(reached),
    times(ratio(of, ours, best, perCpu)),
    `${goal} x`,
    verdict(reached >= goal),
  ];
};

/** What a server does whatever it is asked. */
interface Standing {
  readonly addedMs: number | undefined;
  readonly startMs: number;
  readonly residentBytes: number | undefined;
}

const standingOf = ({ contender, startMs }: Server, { rounds, latencies }: Measured): Standing => {
  const mine = rounds.filter((round) => round.contender === contender.name);
  return {
    addedMs: latencies.find((latency) => latency.contender === contender.name)?.addedMs,
    startMs,
    residentBytes:
      mine.length === 0 ? undefined : Math.max(...mine.map(({ residentBytes }) => residentBytes)),
  };
};

const tell = {
  addedMs: (added: number) => `${added.toFixed(2)} ms`,
  startMs: ms,
  residentBytes: mb,
};

const processRow = (server: Server, measured: Measured): readonly string[] => {
  const { addedMs, startMs, residentBytes } = standingOf(server, measured);
  return [
    server.contender.title,
    addedMs === undefined ? '' : tell.addedMs(addedMs),
    tell.startMs(startMs),
    residentBytes === undefined ? '' : tell.residentBytes(residentBytes),
  ];
};

interface Limit {
  readonly title: string;
  readonly of: keyof Standing;
  readonly goal: string;
  isReached(value: number): boolean;
}

/** The goals that are no multiples of what a peer does. */
const limits: readonly Limit[] = [
  {
    title: 'Added latency at low load',
    of: 'addedMs',
    // what Tailcall adds
    goal: 'not above 1.0 ms',
    isReached: (added) => added <= 1,
  },
  {
    title: 'Memory under load, most after a round',
    of: 'residentBytes',
    goal: 'below 200 MB',
    isReached: (bytes) => bytes < 200_000_000,
  },
  {
    title: 'Start to first answer',
    of: 'startMs',
    goal: 'below 700 ms',
    isReached: (start) => start < 700,
  },
];

const limitRows = (measured: Measured): readonly (readonly string[])[] => {
  const gateway = measured.servers.find(({ contender }) => contender.name === 'gateway');
  if (!gateway) return [];
  const standing = standingOf(gateway, measured);
  return limits.flatMap(({ title, of, goal, isReached }) => {
    const value = standing[of];
    return value === undefined ? [] : [[title, tell[of](value), goal, verdict(isReached(value))]];
  });
};

export const report = (measured: Measured): string => {
  const { values, args, chosen, servers, latencies, missing, rounds } = measured;
  const { rounds: count, seconds, connections, callers, env, flags } = values;
  const extra = [...env, flags].filter(Boolean);
  const bare = latencies.find(({ contender }) => contender === 'upstream')?.ms ?? Number.NaN;
  const compared = rounds.reduce((sum, round) => sum + round.compared, 0);
  const repeat = ['npm ci --prefix bench/peers && npm run bench', commandLineOf(args)]
    .filter(Boolean)
    .join(' -- ');
  const goals = chosen.map((workload) => goalOf(measured, workload));
  return [
    `${circumstances()}. \`${repeat}\`. Medians of ${count} interleaved rounds of ${seconds} s, ratios within a round; ${connections} connections with ${callers} credentials; each server alone on one core, load and stub on the other. Every question was asked and compared with REST's rows before the load, and ${compared.toLocaleString('en')} answers during it.`,
    ...(extra.length > 0 ? ['', `The gateway ran with ${extra.join(' ')}.`] : []),
    ...missing.flatMap((sentence) => ['', `**${sentence}**`]),
    '',
    table(
      [
        'Workload',
        'Server',
        'Requests/s',
        'beside plain',
        'CPU per 1,000',
        'Upstream calls',
        'p50 / p99',
        'Resident',
        'of its core',
      ],
      chosen.flatMap((workload) => rowsOf(measured, workload)),
    ),
    '',
    table(['Goal', 'Best peer here', 'Requests/s beside it', 'by CPU', 'Goal', ''], goals),
    '',
    table(['Goal', 'This gateway', 'Goal', ''], limitRows(measured)),
    '',
    `One job at a time: upstream itself answers in ${bare.toFixed(2)} ms.`,
    '',
    table(
      ['Server', 'Added to upstream', 'Start to first answer', 'Most resident after a round'],
      servers.map((server) => processRow(server, measured)),
    ),
  ].join('\n');
};

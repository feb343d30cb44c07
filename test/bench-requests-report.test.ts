import { describe, expect, it } from 'vitest';
import { type Measured, type Round, report } from '../bench/requests/report.ts';
import type { Server } from '../bench/requests/servers.ts';
import { workloads } from '../bench/requests/workloads.ts';

const serverOf = (name: string, title: string, startMs: number): Server => ({
  contender: { name, title, command: () => [], env: () => ({}) },
  url: '',
  process: {
    startedAt: 0,
    cpuMs: () => 0,
    residentBytes: () => 0,
    ending: () => null,
    stop: async () => undefined,
  },
  startMs,
});
const roundOf = (contender: string, perSecond: number, residentBytes: number): Round => ({
  ...{ contender, perSecond, residentBytes, round: 0, workload: 'one' },
  ...{ cpuPerThousand: 100, coreShare: 1, p50: 5, p99: 9, compared: 10 },
});
const measured: Measured = {
  values: { rounds: '1', seconds: '1', connections: '64', callers: '64', env: [], flags: '' },
  args: [],
  chosen: workloads.filter(({ name }) => name === 'one'),
  servers: [serverOf('gateway', 'this gateway', 700), serverOf('plain', 'plain', 450)],
  rounds: [roundOf('gateway', 1300, 190_000_000), roundOf('plain', 1000, 300_000_000)],
  callsPerRequest: new Map([
    ['gateway one', 1],
    ['plain one', 1],
  ]),
  latencies: [
    { contender: 'upstream', ms: 0.2, addedMs: 0 },
    { contender: 'gateway', ms: 1.2, addedMs: 1 },
  ],
  missing: [],
};
const rowsOf = (text: string) => text.split('\n').filter((line) => line.startsWith('| '));

describe('the report on requests', () => {
  it('tells of each goal whether it is reached', () => {
    expect(rowsOf(report(measured)).filter((row) => row.includes('reached'))).toEqual([
      '| one job(id) | plain | 1.30 x | 1.00 x | 1.2 x | reached |',
      '| Added latency at low load | 1.00 ms | not above 1.0 ms | reached |',
      '| Memory under load, most after a round | 190 MB | below 200 MB | reached |',
      '| Start to first answer | 700 ms | below 700 ms | not reached |',
    ]);
  });

  it('tells how to repeat it', () => {
    const repeated = (...args: readonly string[]) =>
      /npm run bench[^`]*/.exec(report({ ...measured, args }))?.[0];
    expect(repeated()).toBe('npm run bench');
    expect(repeated('--only', 'one', '--peers', '', "--env=A=it's", '--flags=--a --b')).toBe(
      "npm run bench -- --only one --peers '' '--env=A=it'\\''s' '--flags=--a --b'",
    );
  });

  it('tells nothing of what was not measured', () => {
    const rows = rowsOf(report({ ...measured, rounds: [], latencies: [] }));
    expect(rows).toContain('| this gateway |  | 700 ms |  |');
    expect(rows.filter((row) => row.startsWith('| Memory') || row.startsWith('| Added'))).toEqual([]);
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hottest } from '../bench/support/cpu-profile.ts';

const node = (id: number, functionName: string, url: string, children: readonly number[] = []) => ({
  id,
  callFrame: { functionName, url, lineNumber: 6 },
  children,
});
const ours = 'file:///home/me/gateway/src/walk.ts';
/** A walk that calls itself, and a package in it; then garbage and rest. */
const profile = {
  nodes: [
    node(1, '(root)', '', [2, 6, 7]),
    node(2, 'processTicksAndRejections', 'node:internal/process/task_queues', [3]),
    node(3, 'walk', ours, [4, 5]),
    node(4, 'walk', ours),
    node(5, 'parse', 'file:///home/me/gateway/node_modules/@some/parser/index.js'),
    node(6, '(garbage collector)', ''),
    node(7, '(idle)', ''),
  ],
  samples: [3, 4, 5, 6, 7],
  timeDeltas: [1000, 4000, 3000, 2000, 90_000],
};

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cpu-profile-'));
  await writeFile(join(folder, 'some.cpuprofile'), JSON.stringify(profile));
});
afterAll(() => rm(folder, { recursive: true }));

const hottestOf = async (lastMs: number) => {
  const found = await hottest(pathToFileURL(join(folder, 'some.cpuprofile')), lastMs);
  const told = (all: typeof found.places) =>
    all.map(({ name, self, inclusive }) => [name, Number(self.toFixed(3)), Number(inclusive.toFixed(3))]);
  return {
    places: told(found.places),
    functions: told(found.functions),
    callers: told(found.callers),
  };
};

describe('the hottest parts of a CPU profile', () => {
  it('are told by themselves and with what they call, once however deep it calls itself', async () => {
    const { functions, places } = await hottestOf(100);
    expect(functions.slice(0, 3)).toEqual([
      ['walk src/walk.ts:7', 0.5, 0.8],
      ['parse @some/parser:7', 0.3, 0.3],
      ['(garbage collector)', 0.2, 0.2],
    ]);
    expect(places.slice(0, 2)).toEqual([
      ['src/walk.ts', 0.5, 0.8],
      ['@some/parser', 0.3, 0.3],
    ]);
  });

  it('leave out what everything runs under', async () => {
    const { callers } = await hottestOf(100);
    expect(callers.map(([name]) => name)).toEqual([
      'walk src/walk.ts:7',
      'parse @some/parser:7',
      '(garbage collector)',
    ]);
  });

  it('are of the last milliseconds only', async () => {
    const { callers } = await hottestOf(92);
    expect(callers).toEqual([['(garbage collector)', 1, 1]]);
  });
});

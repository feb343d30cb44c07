import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { flagsFor, giveBackWhenQuiet } from '../src/memory.ts';
import { createFakeClock } from './support/fake-clock.ts';

const mb = 1_000_000;

/** A process that has just started, of which a test says what it holds, and how much of a core it is using. */
const open = () => {
  const clock = createFakeClock();
  const given: number[] = [];
  /** `load` in cores; `keptMb` is what is left once garbage is collected. */
  const process = { residentMb: 60, keptMb: 160, load: 0 };
  let cpuMs = 0;
  const stop = giveBackWhenQuiet({
    clock,
    usage: () => ({ residentBytes: process.residentMb * mb, cpuMs }),
    collect() {
      given.push(process.residentMb);
      process.residentMb = process.keptMb;
    },
  });
  const pass = async (seconds: number, load = process.load) => {
    process.load = load;
    for (let second = 0; second < seconds; second += 1) {
      cpuMs += load * 1000;
      await clock.advance(1000);
    }
  };
  return { process, pass, given, stop };
};

describe('memory', () => {
  it.each([
    ['once it has been quiet for ten seconds', 5, 9],
    ['once it has been quiet for half as long as there was work, as code was compiled in that', 40, 19],
    ['once it has been quiet for two minutes, however long there was work', 3600, 118],
  ])('that a burst has taken is given back %s', async (_when, workSeconds, tooShort) => {
    const { process, pass, given } = open();
    process.residentMb = 300;
    await pass(workSeconds, 0.99);
    await pass(tooShort, 0.04);
    expect(given).toEqual([]);
    await pass(6);
    expect(given).toEqual([300]);
  });

  it('is left alone where little is to be had', async () => {
    const { process, pass, given } = open();
    process.residentMb = 199;
    await pass(600);
    expect(given).toEqual([]);
    process.residentMb = 201;
    await pass(600);
    process.residentMb = 263;
    await pass(600);
    expect(given).toEqual([201]);
    process.residentMb = 265;
    await pass(600);
    expect(given).toEqual([201, 265]);
  });

  it('is not collected in the gaps of a load', async () => {
    const { process, pass, given } = open();
    process.residentMb = 300;
    for (let n = 0; n < 20; n += 1) await pass(5, n % 2);
    expect(given).toEqual([]);
  });

  it('is left alone ever longer by a light load that takes it again and again', async () => {
    const { process, pass, given } = open();
    const hour = async () => {
      for (let passed = 0; passed < 3600; passed += 5) {
        process.residentMb = 300;
        await pass(5, 0.1);
      }
    };
    await hour();
    // after 10 s, 20 s, 40 s and so on
    expect(given).toHaveLength(8);
    for (let hours = 1; hours < 24; hours += 1) await hour();
    expect(given.length).toBeLessThan(8 + 24);
  });

  it('is soon given back again a day later', async () => {
    const { process, pass, given } = open();
    for (let n = 0; n < 4; n += 1) {
      process.residentMb = 300;
      await pass(700);
    }
    expect(given).toHaveLength(4);
    await pass(24 * 3600);
    process.residentMb = 300;
    await pass(5, 0.9);
    await pass(15, 0);
    expect(given).toHaveLength(5);
  });

  it('is compared with the least there has been since', async () => {
    const { process, pass, given } = open();
    process.residentMb = 700;
    process.keptMb = 500;
    await pass(20);
    expect(given).toEqual([700]);
    process.residentMb = 260;
    await pass(5);
    process.residentMb = 400;
    await pass(60);
    expect(given).toEqual([700, 400]);
  });

  it('is given back to many who wait, whatever it takes to look after them', async () => {
    const { process, pass, given } = open();
    process.residentMb = 300;
    await pass(10, 0.9);
    await pass(11, 0.4);
    expect(given).toEqual([300]);
  });

  it('is looked at no more once that is over', async () => {
    const { process, pass, given, stop } = open();
    process.residentMb = 300;
    stop();
    await pass(60);
    expect(given).toEqual([]);
  });

  it('is minded with flags that this V8 knows', () => {
    const known = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
    const named = flagsFor(process.versions.v8).map((flag) => flag.replace(/^--(no-)?|=.*$/g, ''));
    expect(named.filter((name) => !known.includes(`--${name} (`))).toEqual([]);
  });

  it('is minded on Node 22 without a flag that its V8 does not know', () => {
    const newer = flagsFor('13.6.233.17-node.41');
    const missing = newer.filter((flag) => !flagsFor('12.4.254.21-node.57').includes(flag));
    expect(missing).toEqual(['--no-memory-reducer-favors-memory']);
  });
});

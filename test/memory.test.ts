import { describe, expect, it } from 'vitest';
import { giveBackWhenQuiet } from '../src/memory.ts';
import { createFakeClock } from './support/fake-clock.ts';

const mb = 1024 * 1024;

/** A process of which a test says what it holds, and how much of a core it is using. */
const open = (heapMb: number) => {
  const clock = createFakeClock();
  const given: number[] = [];
  /** `load` in cores. */
  const process = { heapMb, keptMb: 160, load: 0 };
  let cpuMs = 0;
  const stop = giveBackWhenQuiet({
    clock,
    usage: () => ({ heapBytes: process.heapMb * mb, cpuMs }),
    collect() {
      given.push(process.heapMb);
      process.heapMb = process.keptMb;
    },
  });
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) {
      cpuMs += process.load * 1000;
      await clock.advance(1000);
    }
  };
  return { process, pass, given, stop };
};

describe('memory', () => {
  it('that a burst has taken is given back once it has been quiet for ten seconds', async () => {
    const { process, pass, given } = open(300);
    process.load = 0.9;
    await pass(5);
    expect(given).toEqual([]);
    process.load = 0.04;
    await pass(9);
    expect(given).toEqual([]);
    await pass(6);
    expect(given).toEqual([300]);
  });

  it('is left alone for as long as there was work, as code was compiled in that', async () => {
    const { process, pass, given } = open(300);
    process.load = 1;
    await pass(40);
    process.load = 0;
    await pass(39);
    expect(given).toEqual([]);
    await pass(6);
    expect(given).toEqual([300]);
  });

  it('is left alone for no longer than two minutes', async () => {
    const { process, pass, given } = open(300);
    process.load = 1;
    await pass(3600);
    process.load = 0;
    await pass(118);
    expect(given).toEqual([]);
    await pass(6);
    expect(given).toEqual([300]);
  });

  it('is not collected in the gaps of a load', async () => {
    const { process, pass, given } = open(300);
    for (let n = 0; n < 20; n += 1) {
      process.load = n % 2;
      await pass(5);
    }
    expect(given).toEqual([]);
  });

  it('is collected again after much work, as less may be kept by then', async () => {
    const { process, pass, given } = open(700);
    process.keptMb = 500;
    await pass(20);
    expect(given).toEqual([700]);
    process.keptMb = 160;
    process.load = 1;
    await pass(70);
    process.load = 0;
    await pass(130);
    expect(given).toEqual([700, 500]);
    await pass(600);
    expect(given).toEqual([700, 500]);
  });

  it('is collected again only where much more is held than after the last time', async () => {
    const { process, pass, given } = open(300);
    await pass(10);
    process.heapMb = 215;
    await pass(600);
    expect(given).toEqual([300]);
    process.heapMb = 217;
    await pass(600);
    expect(given).toEqual([300, 217]);
  });

  it('is given back to many who wait, whatever it takes to look after them', async () => {
    const { process, pass, given } = open(300);
    process.load = 0.9;
    await pass(10);
    process.load = 0.2;
    await pass(11);
    expect(given).toEqual([300]);
    // nor does that count as work, after which less might be kept
    process.heapMb = 200;
    await pass(3600);
    expect(given).toEqual([300]);
  });

  it('is looked at no more once that is over', async () => {
    const { pass, given, stop } = open(300);
    stop();
    await pass(60);
    expect(given).toEqual([]);
  });
});

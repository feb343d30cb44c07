import { expect, it } from 'vitest';
import { createUpstreamClock } from '../src/upstream/upstream-clock.ts';

const ours = Date.UTC(2026, 8, 14, 12);

/** What our clock says after so many answers of an upstream whose clock is off by so much. */
const readings = (offByMs: number, answers: number): number => {
  let now = ours;
  const clock = createUpstreamClock(() => now);
  for (let n = 0; n < answers; n += 1) {
    now += 370;
    clock.read(new Date(now + offByMs).toUTCString());
  }
  return clock.fromOurs(now) - now;
};

it('tells an instant on a clock that is behind, never later than it is there', () => {
  for (const behind of [2_000, 45_000, 600_000]) {
    expect(readings(-behind, 20)).toBeLessThanOrEqual(-behind);
    expect(readings(-behind, 20)).toBeGreaterThan(-behind - 150);
    expect(readings(-behind, 1)).toBeLessThanOrEqual(-behind);
  }
});

it('tells an instant on a clock that is ahead, never later than it is there', () => {
  for (const ahead of [5_000, 45_000, 3_600_000]) {
    expect(readings(ahead, 20)).toBeLessThanOrEqual(ahead);
    expect(readings(ahead, 20)).toBeGreaterThan(ahead - 150);
    expect(readings(ahead, 1)).toBeLessThanOrEqual(ahead);
    expect(readings(ahead, 1)).toBeGreaterThan(ahead - 1000);
  }
});

it('takes clocks for the same that differ by next to nothing', () => {
  expect(readings(0, 20)).toBe(0);
});

it('is not carried into the future by a single header', () => {
  let now = ours;
  const clock = createUpstreamClock(() => now);
  for (let n = 0; n < 10; n += 1) {
    now += 370;
    clock.read(new Date(n === 5 ? now + 86_400_000 : now).toUTCString());
  }
  expect(clock.fromOurs(now)).toBeLessThanOrEqual(now);
});

it('does without a header that is missing or makes no sense', () => {
  const clock = createUpstreamClock(() => ours);
  clock.read(null);
  clock.read('yesterday');
  expect(clock.fromOurs(ours)).toBe(ours);
});

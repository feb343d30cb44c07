import { describe, expect, it } from 'vitest';
import { workloadsNamed } from '../bench/requests/workloads.ts';
import { commandLineOf, countOf, environmentOf, namesOf } from '../bench/support/settings.ts';

describe('what a bench is told', () => {
  it('takes names with commas between, and all there are without any', () => {
    expect(workloadsNamed('list,one').map(({ name }) => name)).toEqual(['one', 'list']);
    expect(workloadsNamed(undefined).length).toBeGreaterThan(2);
  });

  it.each(['one,lists', ''])('refuses the workloads %j and says which there are', (only) => {
    expect(() => workloadsNamed(only)).toThrow(/There are one, list/);
  });

  it('refuses a peer that it does not know', () => {
    expect(() => namesOf('peer', 'mercurius,apollo', ['mercurius'])).toThrow('There is no peer apollo.');
  });

  it.each(['0', 'x', '-1', '1.5', ''])('refuses the count %j', (value) => {
    expect(() => countOf('rounds', value)).toThrow('--rounds');
  });

  it('splits a setting at its first sign', () => {
    expect(environmentOf(['A=1=2', 'B='])).toEqual({ A: '1=2', B: '' });
  });

  it('is repeated as a shell takes it', () => {
    expect(commandLineOf(['--peers', '', '--env', "A=it's"])).toBe("--peers '' --env 'A=it'\\''s'");
  });
});

import { readFile } from 'node:fs/promises';

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
}

interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** A share of the time that was not idle, 0 to 1. */
export interface Hot {
  readonly name: string;
  readonly share: number;
}

export interface Hottest {
  readonly functions: readonly Hot[];
  /** Packages, and files of ours. */
  readonly places: readonly Hot[];
}

const placeOf = ({ functionName, url }: ProfileNode['callFrame']): string => {
  if (url === '') return functionName.startsWith('(') ? functionName : '(built in)';
  if (url.startsWith('node:')) return url.replace(/^(node:[^/]+(\/[^/]+)?).*/, '$1');
  const ours = /\/(src\/.*)$/.exec(url.replace(/.*\/node_modules\//, 'package/'))?.[1];
  const [, scope = '', name = ''] = /.*\/node_modules\/(@[^/]+\/)?([^/]+)/.exec(url) ?? [];
  return name === '' ? (ours ?? url) : scope + name;
};

const sorted = (times: ReadonlyMap<string, number>, whole: number): readonly Hot[] =>
  [...times]
    .map(([name, time]) => ({ name, share: time / whole }))
    .toSorted((one, other) => other.share - one.share);

/** Where the time of the last so many milliseconds went, by the functions that were running. */
export const hottest = async (file: URL, lastMs: number): Promise<Hottest> => {
  const { nodes, samples, timeDeltas }: CpuProfile = JSON.parse(await readFile(file, 'utf8'));
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const functions = new Map<string, number>();
  const places = new Map<string, number>();
  let left = lastMs * 1000;
  let whole = 0;
  for (let n = samples.length - 1; n >= 0 && left > 0; n -= 1) {
    const time = timeDeltas[n] ?? 0;
    left -= time;
    const frame = frames.get(samples[n] ?? 0);
    if (!frame || frame.functionName === '(idle)') continue;
    whole += time;
    const place = placeOf(frame);
    const name = place.startsWith('(')
      ? `${frame.functionName || '(anonymous)'}`
      : `${frame.functionName || '(anonymous)'} ${place}:${frame.lineNumber + 1}`;
    functions.set(name, (functions.get(name) ?? 0) + time);
    places.set(place, (places.get(place) ?? 0) + time);
  }
  return { functions: sorted(functions, whole), places: sorted(places, whole) };
};

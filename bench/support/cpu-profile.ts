import { readFile } from 'node:fs/promises';

interface Frame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: Frame;
  readonly children?: readonly number[];
}

interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Shares of the time that was not idle, 0 to 1. */
export interface Hot {
  readonly name: string;
  /** While it ran itself. */
  readonly self: number;
  /** With what it calls. */
  readonly inclusive: number;
}

/** The hottest first. */
export interface Hottest {
  /** Packages, and files of ours, by what they took themselves. */
  readonly places: readonly Hot[];
  /** By what they took themselves. */
  readonly functions: readonly Hot[];
  /** By what they took with what they call. */
  readonly callers: readonly Hot[];
}

/** What everything runs under in Node, and tells nothing of it. */
const plumbing = new RegExp(
  `^(${[
    '\\(root\\)',
    '\\(anonymous\\)',
    'processTicksAndRejections',
    'runNextTicks',
    'runMicrotasks',
    'processImmediate',
    'processTimers',
    'listOnTimeout',
    'callbackTrampoline',
    'emit',
    '(js-to-wasm|wasm-to-js)\\S*',
  ].join('|')})( node:|$)`,
);

const placeOf = ({ functionName, url }: Frame): string => {
  if (url === '') return functionName.startsWith('(') ? functionName : '(built in)';
  if (url.startsWith('node:')) return url.replace(/^(node:[^/]+(\/[^/]+)?).*/, '$1');
  const ours = /\/(src\/.*)$/.exec(url.replace(/.*\/node_modules\//, 'package/'))?.[1];
  const [, scope = '', name = ''] = /.*\/node_modules\/(@[^/]+\/)?([^/]+)/.exec(url) ?? [];
  return name === '' ? (ours ?? url) : scope + name;
};

const functionOf = (frame: Frame): string => {
  const name = frame.functionName || '(anonymous)';
  const place = placeOf(frame);
  return place.startsWith('(') ? name : `${name} ${place}:${frame.lineNumber + 1}`;
};

/** By node, the names of all that is on its stack, so that what calls itself is there once. */
const stacksOf = (nodes: readonly ProfileNode[], nameOf: (frame: Frame) => string) => {
  const stacks = new Map<number, ReadonlySet<string>>();
  // callers come before what they call
  for (const { id, callFrame, children = [] } of nodes) {
    const stack = new Set(stacks.get(id)).add(nameOf(callFrame));
    for (const node of [id, ...children]) stacks.set(node, stack);
  }
  return stacks;
};

interface Sample {
  readonly node: ProfileNode;
  readonly time: number;
}

/** Those of the last so many milliseconds in which something ran. */
const busySamples = ({ nodes, samples, timeDeltas }: CpuProfile, lastMs: number): readonly Sample[] => {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const busy: Sample[] = [];
  let left = lastMs * 1000;
  for (let n = samples.length - 1; n >= 0 && left > 0; n -= 1) {
    const time = timeDeltas[n] ?? 0;
    left -= time;
    const node = byId.get(samples[n] ?? 0);
    if (node && node.callFrame.functionName !== '(idle)') busy.push({ node, time });
  }
  return busy;
};

const timesBy = (
  nameOf: (frame: Frame) => string,
  nodes: readonly ProfileNode[],
  samples: readonly Sample[],
): readonly Hot[] => {
  const stacks = stacksOf(nodes, nameOf);
  const whole = samples.reduce((sum, { time }) => sum + time, 0);
  const self = new Map<string, number>();
  const inclusive = new Map<string, number>();
  const add = (to: Map<string, number>, name: string, time: number) =>
    to.set(name, (to.get(name) ?? 0) + time / whole);
  for (const { node, time } of samples) {
    add(self, nameOf(node.callFrame), time);
    for (const name of stacks.get(node.id) ?? []) add(inclusive, name, time);
  }
  return [...inclusive].map(([name, share]) => ({ name, self: self.get(name) ?? 0, inclusive: share }));
};

const bySelf = (one: Hot, other: Hot) => other.self - one.self;
const byInclusive = (one: Hot, other: Hot) => other.inclusive - one.inclusive;

/** What took the time of the last so many milliseconds. */
export const hottest = async (file: URL, lastMs: number): Promise<Hottest> => {
  const profile: CpuProfile = JSON.parse(await readFile(file, 'utf8'));
  const samples = busySamples(profile, lastMs);
  const functions = timesBy(functionOf, profile.nodes, samples);
  return {
    places: timesBy(placeOf, profile.nodes, samples).toSorted(bySelf),
    functions: functions.toSorted(bySelf),
    callers: functions.filter(({ name }) => !plumbing.test(name)).toSorted(byInclusive),
  };
};

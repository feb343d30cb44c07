import { fractionOf } from '../derived.ts';
import type { Operation } from '../operation.ts';
import { type Answer, jsonAnswer } from './answer.ts';

/**
 * 500: the call is done, and answered with an empty system error. 503: it is not done; a proxy answers in HTML.
 * cut: it is not done, and the connection ends without an answer. lost: it is done, and the connection ends
 * without an answer. malformed: it is done, and the JSON of the answer breaks off.
 */
export const faultKinds = ['500', '503', 'cut', 'lost', 'malformed'] as const;
export type FaultKind = (typeof faultKinds)[number];

export type FaultSettings = {
  /** Which share of the calls meets a fault, from 0 to 1. */
  readonly share: number;
  /** They take turns. */
  readonly kinds: readonly FaultKind[];
  /** Which calls may meet one; all where nothing is said. */
  readonly operations?: readonly Operation[];
};

/** Null: the connection is cut. */
export type Reply = Answer | null;

type Suffer = (call: () => Promise<Answer>) => Promise<Reply>;

const cutOff = (answer: Answer): Answer => ({
  ...answer,
  body: answer.body.slice(0, Math.ceil(answer.body.length / 2)),
});

const sufferings: Readonly<Record<FaultKind, Suffer>> = {
  '500': async (call) => {
    await call();
    return jsonAnswer(500, { message: '', details: {} });
  },
  '503': async () => ({
    status: 503,
    headers: { 'content-type': 'text/html' },
    body: '<html><body>upstream unavailable</body></html>',
  }),
  cut: async () => null,
  lost: async (call) => {
    await call();
    return null;
  },
  malformed: async (call) => cutOff(await call()),
};

/** Each call's fate follows from its number alone: the same calls in the same order meet the same faults. */
export const createFaults = ({ share, kinds, operations }: FaultSettings) => {
  let calls = 0;
  let faults = 0;
  return async (operation: Operation, call: () => Promise<Answer>): Promise<Reply> => {
    if (operations !== undefined && !operations.includes(operation)) return call();
    calls += 1;
    if (fractionOf(`fault of call ${calls}`) >= share) return call();
    const kind = kinds[faults % kinds.length];
    faults += 1;
    return kind === undefined ? call() : sufferings[kind](call);
  };
};

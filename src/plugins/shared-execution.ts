import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  type GraphQLError,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Context, ContextFactory } from '../context.ts';
import type { EventStream, JobEvent, Tick } from '../live/latest.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Observed } from '../telemetry/observed.ts';
import type { Caller } from '../upstream/caller.ts';
import type { ExecutionDeadline } from './execution-deadline.ts';
import { type AnswerLimit, stays } from './limit-answers.ts';
import { inFrame } from './present-errors.ts';

/** A subscription for a transport that takes events as they come rather than by asking. */
export interface Delivery {
  readonly source: EventStream;
  /** The result as JSON: made once, whoever asks. At once where nothing has to be waited for. */
  run(event: JobEvent): string | Promise<string>;
  /** Settles when such a result may be sent; null where that is at once. A large one goes to many, a few at a time. */
  turnToWrite(json: string): Promise<void> | null;
}

export interface SharedExecution {
  readonly plugin: Plugin<Context>;
  /** The subscription that was begun with this context; undefined when there is none. */
  deliveryOf(context: object): Delivery | undefined;
}

/** A result that Yoga need not write any more. */
interface WrittenResult extends ExecutionResult {
  stringify(): string;
}

/** Longer ones are shared by those who ask at the same moment, and not kept. */
const largeText = 64 * 1024;

type Runs = Map<string, string | Promise<string>>;

const isEventStream = (value: unknown): value is EventStream =>
  typeof value === 'object' && value !== null && 'take' in value && 'onReadable' in value;

export interface SharedExecutionOptions {
  readonly contexts: Pick<ContextFactory, 'forCaller'>;
  readonly present: (error: unknown) => GraphQLError;
  readonly within: ExecutionDeadline['within'];
  readonly answers: Pick<AnswerLimit, 'make' | 'turnToWrite'>;
  readonly metrics: Metrics;
  readonly now: () => number;
}

/**
 * Executes each event once for all subscriptions of a caller that ask the same of it, and reads what the events of
 * one tick ask for together. Events belong to a watcher and a watcher to one caller, so nothing crosses callers.
 */
export const createSharedExecution = (options: SharedExecutionOptions): SharedExecution => {
  const { contexts, present, within, answers, metrics, now } = options;
  const deliveries = new WeakMap<object, Delivery>();
  const runsOf = new WeakMap<JobEvent, Runs>();
  const contextOf = new WeakMap<Tick, Context>();
  const documentNames = new WeakMap<DocumentNode, number>();
  let documents = 0;

  // yoga caches documents, so the same text is the same object
  const nameOf = (document: DocumentNode): number => {
    const known = documentNames.get(document);
    if (known !== undefined) return known;
    documents += 1;
    documentNames.set(document, documents);
    return documents;
  };

  const contextFor = ({ tick }: JobEvent, caller: Caller): Context => {
    const known = contextOf.get(tick);
    // what was given up at the deadline of one is read anew for who comes later
    if (known !== undefined && !known.signal.aborted) return known;
    const context = contexts.forCaller(caller);
    contextOf.set(tick, context);
    return context;
  };

  const told = (error: unknown) => inFrame(present(error));
  const toJson = ({ errors, ...rest }: ExecutionResult): string =>
    JSON.stringify(errors === undefined ? rest : { ...rest, errors: errors.map(told) });
  const failed = (error: unknown): string => JSON.stringify({ errors: [told(error)] });

  const runOnce = (
    args: ExecutionArgs,
    contextNow: () => Context,
    fields: number,
  ): string | Promise<string> => {
    try {
      const result = answers.make(args, { fields, signal: stays }, () => {
        const context = contextNow();
        return within(args, context, execute({ ...args, contextValue: context }));
      });
      return result instanceof Promise ? result.then(toJson).catch(failed) : toJson(result);
    } catch (error) {
      return failed(error);
    }
  };

  const note = ({ update: { kind, job } }: JobEvent, observed: Observed) => {
    observed.events += 1;
    if (kind === 'STALE') metrics.toldStale();
    // what opens a stream may be of any age, and the others tell of no row that upstream was seen to show
    if (kind === 'SNAPSHOT' || kind === 'STALE' || kind === 'DELETED') return;
    // the update's own `observedAt` is an instant to go on from, and may lie long before
    metrics.delivered(Math.max(0, now() - job.observedAt.getTime()) / 1000);
  };

  // a subscription lives long and there are many: it keeps no more than it takes to run it again
  const createDelivery = (
    source: EventStream,
    { schema, document, operationName, variableValues }: ExecutionArgs,
    { caller, observed }: Context,
  ): Delivery => {
    const { fields } = observed;
    const key = JSON.stringify([nameOf(document), operationName, variableValues]);
    const args = {
      schema,
      document,
      operationName: operationName ?? null,
      variableValues: variableValues ?? null,
    };
    return {
      source,
      run(event) {
        note(event, observed);
        const runs: Runs = runsOf.get(event) ?? new Map();
        runsOf.set(event, runs);
        const existing = runs.get(key);
        if (existing !== undefined) return existing;
        const run = runOnce({ ...args, rootValue: event }, () => contextFor(event, caller), fields);
        const keep = (json: string) => {
          // who is slow to take the event keeps it, and would keep the texts of all others with it
          if (json.length > largeText) runs.delete(key);
          else runs.set(key, json);
        };
        runs.set(key, run);
        if (run instanceof Promise) void run.then(keep);
        else if (run.length > largeText) setImmediate(keep, run);
        return run;
      },
      turnToWrite: answers.turnToWrite,
    };
  };

  /** The same for a transport that asks for one result after the other, and has Yoga write it. */
  const resultsOf = ({
    source,
    run,
    turnToWrite,
  }: Delivery): AsyncIterableIterator<WrittenResult, undefined> => {
    const over = { done: true, value: undefined } as const;
    return {
      async next() {
        const { done, value } = await source.next();
        if (done) return over;
        const json = await run(value);
        await turnToWrite(json);
        return { done: false, value: { stringify: () => json } };
      },
      async return() {
        await source.return();
        return over;
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  };

  const subscribe = async (args: ExecutionArgs, context: Context) => {
    const source = await createSourceEventStream(args);
    if (!isEventStream(source)) return source;
    const delivery = createDelivery(source, args, context);
    deliveries.set(context, delivery);
    return resultsOf(delivery);
  };

  return {
    plugin: {
      onSubscribe({ args: { contextValue }, setSubscribeFn }) {
        setSubscribeFn((args) => subscribe(args, contextValue));
      },
    },
    deliveryOf: (context) => deliveries.get(context),
  };
};

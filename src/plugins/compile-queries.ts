import { type DocumentNode, type ExecutionArgs, type ExecutionResult, Kind } from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import type { Plugin } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import type { Context } from '../context.ts';

/** Compiling costs about as much as running a query some fifty times, so what is asked once or twice is not worth it. */
const runsBefore = 5;

/** In characters of documents. A compiled one takes up to some 100 bytes for each. */
const maxCharacters = 200_000;

type Run = (args: ExecutionArgs) => ExecutionResult | Promise<ExecutionResult>;

interface Known {
  runs: number;
  /** Null for what cannot be compiled, undefined until it has been tried. */
  run: Run | null | undefined;
}

/** One query and its fragments: which operation is meant is never in question. */
const isOneQuery = ({ definitions }: DocumentNode): boolean => {
  const operations = definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  const [only] = operations;
  return operations.length === 1 && only !== undefined && 'operation' in only && only.operation === 'query';
};

const compile = ({ schema, document }: ExecutionArgs): Run | null => {
  if (!isOneQuery(document)) return null;
  const compiled = compileQuery(schema, document);
  if (!isCompiledQuery(compiled)) return null;
  return ({ rootValue, contextValue, variableValues }) =>
    compiled.query(rootValue, contextValue, { ...variableValues });
};

/**
 * Runs queries that are asked again and again as compiled functions. An answer with errors is not taken from them:
 * the usual executor makes it anew from what has been read, and says exactly what went wrong and where.
 */
export const useCompiledQueries = (): Plugin<Context> => {
  const known = new LRUCache<DocumentNode, Known>({
    max: 1000,
    maxSize: maxCharacters,
    sizeCalculation: (_known, { loc }) => 1 + (loc?.source.body.length ?? 0),
  });
  const runOf = (args: ExecutionArgs): Run | null => {
    const entry: Known = known.get(args.document) ?? { runs: 0, run: undefined };
    if (entry.runs === 0) known.set(args.document, entry);
    entry.runs += 1;
    if (entry.run === undefined && entry.runs > runsBefore) entry.run = compile(args);
    return entry.run ?? null;
  };
  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      const run = runOf(args);
      if (run === null) return;
      setExecuteFn((args) => {
        const settle = (result: ExecutionResult) => (result.errors === undefined ? result : executeFn(args));
        try {
          const result = run(args);
          return result instanceof Promise ? result.then(settle, () => executeFn(args)) : settle(result);
        } catch {
          return executeFn(args);
        }
      });
    },
  };
};

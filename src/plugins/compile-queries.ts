import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  getOperationAST,
  getVariableValues,
  Kind,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import type { Context } from '../context.ts';
import {
  conditionsOf,
  countSelections,
  hasDangerousName,
  type Variables,
  valuesOf,
  withoutConditions,
  withoutValues,
} from './compilable-document.ts';
import { type QueryCompiler, queryCompiler } from './query-compiler.ts';

/** Compiling takes as long as running a query some thirty to fifty times; run compiled it takes a half to a third. */
const runsBefore = 20;

/**
 * How many selections one document may have, its fragments spread. The event loop waits while it is compiled: some
 * 20 µs for each, three times that where they are deep. Larger documents would hardly gain.
 */
export const maxSelections = 500;

/** Of all compiled queries together, with the documents that they keep. */
const maxBytes = 20_000_000;

/** Measured: what a selection takes once it is compiled, and a character once it is parsed. */
const bytesPer = { selection: 1200, character: 150 } as const;

/** How many answers to its @skip and @include one document is compiled for. */
const maxVariants = 8;

type Result = ExecutionResult | Promise<ExecutionResult>;

/** Null where the usual executor has to say what is wrong. */
type Run = (args: ExecutionArgs, variables: Variables) => Result | null;

/** A document with one set of answers to its @skip and @include. */
interface Variant {
  runs: number;
  /** True of what cannot be compiled. */
  isRefused: boolean;
}

interface Known {
  readonly conditions: readonly string[];
  readonly variants: Map<string, Variant>;
}

const isOneQuery = ({ definitions }: DocumentNode): boolean => {
  const operations = definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  return operations.length === 1 && operations[0]?.operation === 'query';
};

/**
 * Runs queries that are asked again and again as compiled functions. graphql-jit compiles no more of them than which
 * fields are read: variables, arguments and directives are graphql-js' business, whose rules on them it does not keep
 * (see docs/decisions.md). An answer with errors is not taken from it either: the usual executor makes it anew from
 * what has been read, and says exactly what went wrong and where. No resolver may look at its fourth argument.
 */
export const useCompiledQueries = (): Plugin<Context> => {
  const known = new WeakMap<DocumentNode, Known | null>();
  const compiled = new LRUCache<Variant, { readonly run: Run; readonly size: number }>({
    maxSize: maxBytes,
    sizeCalculation: ({ size }) => size,
    // so that documents that are too many for the cache are not compiled each time
    dispose: (_, variant) => {
      variant.runs = 0;
    },
  });

  const knownOf = (document: DocumentNode): Known | null => {
    const before = known.get(document);
    if (before !== undefined) return before;
    const now = isOneQuery(document) ? { conditions: conditionsOf(document), variants: new Map() } : null;
    known.set(document, now);
    return now;
  };

  const variantOf = ({ conditions, variants }: Known, variables: Variables): Variant | null => {
    const answers = conditions.length === 0 ? '' : JSON.stringify(conditions.map((name) => variables[name]));
    const before = variants.get(answers);
    if (before || variants.size === maxVariants) return before ?? null;
    const now = { runs: 0, isRefused: false };
    variants.set(answers, now);
    return now;
  };

  const compile = (
    { schema, document }: ExecutionArgs,
    variables: Variables,
    { compileQuery, isCompiledQuery }: QueryCompiler,
  ) => {
    const decided = withoutConditions(document, variables);
    const selections = 1 + countSelections(decided);
    const characters = document.loc?.source.body.length ?? 0;
    const size = selections * bytesPer.selection + characters * bytesPer.character;
    // one document must not drive out most others
    if (selections > maxSelections || size > maxBytes / 10) return null;
    const { hoisted, inputs } = withoutValues(schema, decided);
    // of variables too, which are no longer in what is compiled
    if (hasDangerousName(document)) return null;
    const made = compileQuery(schema, hoisted);
    if (!isCompiledQuery(made)) return null;
    const run: Run = ({ rootValue, contextValue }, variables) => {
      const values = valuesOf(inputs, variables);
      return values === null ? null : made.query(rootValue, contextValue, values);
    };
    return { run, size };
  };

  const runOf = (variant: Variant, args: ExecutionArgs, variables: Variables): Run | null => {
    const kept = compiled.get(variant);
    if (kept) return kept.run;
    variant.runs += 1;
    if (variant.isRefused || variant.runs <= runsBefore) return null;
    const compiler = queryCompiler();
    if (compiler === null) return null;
    variant.isRefused = true;
    const made = compile(args, variables, compiler);
    if (made === null) return null;
    variant.isRefused = false;
    compiled.set(variant, made);
    return made.run;
  };

  const runCompiled = (args: ExecutionArgs): Result | null => {
    const { schema, document, operationName, variableValues } = args;
    const query = knownOf(document);
    const operation = query && getOperationAST(document, operationName);
    if (!operation) return null;
    const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues ?? {});
    const variant = coerced && variantOf(query, coerced);
    return variant ? (runOf(variant, args, coerced)?.(args, coerced) ?? null) : null;
  };

  return {
    onExecute({ executeFn, setExecuteFn }) {
      // not before all plugins have let the operation pass
      setExecuteFn((args) => {
        const anew = () => executeFn(args);
        let result: Result | null = null;
        try {
          result = runCompiled(args);
        } catch {
          // what cannot be compiled or run is the usual executor's
        }
        if (result === null) return anew();
        const settle = (result: ExecutionResult) => (result.errors === undefined ? result : anew());
        return result instanceof Promise ? result.then(settle, anew) : settle(result);
      });
    },
  };
};

import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  isObjectType,
  isScalarType,
  parse,
  validate,
} from 'graphql';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Context } from '../src/context.ts';
import { createGraph } from '../src/graph.ts';
import { useCompiledQueries } from '../src/plugins/compile-queries.ts';
import { createErrorPresenter } from '../src/plugins/present-errors.ts';
import { loadQueryCompiler } from '../src/plugins/query-compiler.ts';
import { silentLog } from '../src/telemetry/log.ts';
import { createFakeClock, settled } from './support/fake-clock.ts';
import { createFaultyData, type FaultyData } from './support/faulty-data.ts';
import { openGateway, usualDocuments } from './support/gateway.ts';
import { createDice, generateOperation, magicDate, type Operation } from './support/operation-generator.ts';
import { guid, jobRows, jobsPage, scheduleRow } from './support/rows.ts';
import { startScriptedUpstream } from './support/scripted-upstream.ts';

/** What graphql-jit has done. */
const jit = vi.hoisted(() => ({ compiled: 0, runs: 0 }));

vi.mock('graphql-jit', async (importOriginal) => {
  const original = await importOriginal<typeof import('graphql-jit')>();
  const compileQuery: unknown = (schema: GraphQLSchema, document: DocumentNode) => {
    const made = original.compileQuery(schema, document);
    if (!original.isCompiledQuery(made)) return made;
    jit.compiled += 1;
    return {
      ...made,
      query: (...given: Parameters<typeof made.query>) => {
        jit.runs += 1;
        return made.query(...given);
      },
    };
  };
  return { ...original, compileQuery };
});

beforeAll(loadQueryCompiler);

beforeEach(() => {
  jit.compiled = 0;
  jit.runs = 0;
});

/** How often a document is run as usual before it is compiled. */
const runsBefore = 20;

const schema = createGraph();
const present = createErrorPresenter(silentLog);

type Executor = (args: ExecutionArgs) => ExecutionResult | Promise<ExecutionResult>;

/** One plugin around any executor. */
type Run = (args: ExecutionArgs, usual: Executor) => ExecutionResult | Promise<ExecutionResult>;

const openPlugin = (): Run => {
  const plugin = useCompiledQueries();
  return (args, usual) => {
    let run = usual;
    const given: { args: ExecutionArgs; executeFn: Executor; setExecuteFn: (changed: Executor) => void } = {
      args,
      executeFn: usual,
      setExecuteFn: (changed) => {
        run = changed;
      },
    };
    // biome-ignore lint/suspicious/noExplicitAny: the plugin looks at no more than this
    plugin.onExecute?.(given as any);
    return run(args);
  };
};

/** What a client would be sent, and what the log would. */
const written = ({ data, errors }: ExecutionResult) =>
  JSON.stringify({ data, errors, told: errors?.map(present) });

const argsOf = ({ query, variables }: Operation, contextValue: Context): ExecutionArgs => ({
  schema,
  document: parse(query),
  variableValues: variables,
  contextValue,
});

const nothing: Executor = () => ({ data: null });

/** Asks until the next time is the first that may be compiled. */
const warm = async (run: Run, args: ExecutionArgs) => {
  for (let time = 0; time < runsBefore; time += 1) await run(args, nothing);
};

/** What fails and nobody waits for, but for what graphql-js itself leaves behind: the other items of a list, if one fails at once. */
const watchForStrays = () => {
  const strays: unknown[] = [];
  const listen = (reason: unknown) => {
    if (!(reason instanceof GraphQLError)) strays.push(reason);
  };
  process.on('unhandledRejection', listen);
  onTestFinished(async () => {
    await settled();
    process.off('unhandledRejection', listen);
  });
  return strays;
};

it('thousands of operations are answered as by graphql-js, to the byte, with the same calls', async () => {
  const strays = watchForStrays();
  const seen = { valid: 0, withoutErrors: 0, withErrors: 0, refused: 0 };

  const compare = async (operation: Operation, document: DocumentNode, run: Run, data: FaultyData) => {
    const plain = data.createContext();
    const plainArgs = { ...argsOf(operation, plain.context), document };
    const expected = await execute(plainArgs);

    const compiled = data.createContext();
    /** What graphql-js said when it was asked, and how many calls had been made before. */
    const usual: { readonly result: ExecutionResult; readonly calls: number }[] = [];
    const runs = jit.runs;
    const found = await run({ ...plainArgs, contextValue: compiled.context }, async (args) => {
      const calls = compiled.calls.length;
      const result = await execute(args);
      usual.push({ result, calls });
      return result;
    });

    if (jit.runs === runs) {
      seen.refused += 1;
      expect(written(found)).toBe(written(expected));
    } else if (expected.errors === undefined) {
      seen.withoutErrors += 1;
      expect(written(found)).toBe(written(expected));
      expect(usual).toEqual([]);
      expect(compiled.calls.toSorted()).toEqual(plain.calls.toSorted());
    } else {
      seen.withErrors += 1;
      // graphql-js reads nothing more below what it has given up, and what is read decides who shares it
      const isSameRead = isDeepStrictEqual(compiled.calls.toSorted(), plain.calls.toSorted());
      if (isSameRead) expect(JSON.stringify(found.data)).toBe(JSON.stringify(expected.data));
      // which of several errors below one null is told, and in what order, depends on which settles first
      expect(usual).toHaveLength(1);
      expect(found).toBe(usual[0]?.result);
      expect(compiled.calls).toHaveLength(usual[0]?.calls ?? 0);
    }
  };

  await fc.assert(
    fc.asyncProperty(fc.noShrink(fc.nat()), async (seed) => {
      const operation = generateOperation(schema, createDice(seed));
      const document = parse(operation.query);
      if (validate(schema, document).length > 0) return;
      seen.valid += 1;
      const run = openPlugin();
      await warm(run, { ...argsOf(operation, createFaultyData(seed).createContext().context), document });
      try {
        for (const dataSeed of [seed, seed + 1])
          await compare(operation, document, run, createFaultyData(dataSeed));
      } catch (error) {
        throw new Error(`Answered in another way: ${JSON.stringify(operation)}`, { cause: error });
      }
    }),
    { numRuns: 1500 },
  );
  await settled();
  expect(strays).toEqual([]);
  // neither half may come to nothing unnoticed
  expect(seen.valid).toBeGreaterThan(1200);
  expect(seen.withoutErrors).toBeGreaterThan(1000);
  expect(seen.withErrors).toBeGreaterThan(300);
  expect(Object.hasOwn(globalThis, 'ran')).toBe(false);
});

const fieldsOf = (count: number) => Array.from({ length: count }, (_, n) => `f${n}: __typename`).join(' ');

/** Asks so often that it is compiled if it can be. */
const askOften = async (query: string, run = openPlugin(), usual: Executor = nothing) => {
  const { context } = createFaultyData(0).createContext();
  const args = argsOf({ query, variables: {} }, context);
  await warm(run, args);
  await run(args, usual);
  return args;
};

describe('what is compiled', () => {
  it('is what has been asked twenty times', async () => {
    const run = openPlugin();
    const args = argsOf(
      { query: '{ __typename }', variables: {} },
      createFaultyData(0).createContext().context,
    );
    await warm(run, args);
    expect(jit.compiled).toBe(0);
    expect(await run(args, nothing)).toEqual({ data: { __typename: 'Query' } });
    expect(await run(args, nothing)).toEqual({ data: { __typename: 'Query' } });
    expect(jit).toEqual({ compiled: 1, runs: 2 });
  });

  it.each([
    ['a mutation', `mutation { terminateJob(input: { id: "${guid(0)}" }) { userErrors { code } } }`],
    ['a subscription', `subscription { jobUpdated(id: "${guid(0)}") { kind } }`],
    ['a document of several operations', 'query A { __typename } query B { __typename }'],
    ['a document of 500 selections', `{ ${fieldsOf(500)} }`],
    ['a document of 20,000 characters', `{ __type(name: "${'x'.repeat(20_000)}") { name } }`],
    [
      'a document whose fragments multiply',
      `{ ...F0 } ${Array.from({ length: 40 }, (_, n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`).join(' ')} fragment F40 on Query { __typename }`,
    ],
    ['an answer with the key __proto__', '{ __proto__: __typename }'],
    ['a variable called __proto__', 'query ($__proto__: Int) { jobs(first: $__proto__) { __typename } }'],
  ])('is never %s', async (_what, query) => {
    expect(validate(schema, parse(query))).toEqual([]);
    await askOften(query);
    expect(jit).toEqual({ compiled: 0, runs: 0 });
  });

  it('never answers for an operation that the document has not', async () => {
    const run = openPlugin();
    const args = await askOften('query A { __typename }', run);
    expect(jit.runs).toBe(1);
    for (const operationName of ['B', '']) {
      expect(await run({ ...args, operationName }, execute)).toMatchObject({
        errors: [{ message: `Unknown operation named "${operationName}".` }],
      });
    }
    expect(await run({ ...args, operationName: 'A' }, nothing)).toEqual({ data: { __typename: 'Query' } });
    expect(jit.runs).toBe(2);
  });

  it('is a query whose variables were not given, whatever they are called', async () => {
    const run = openPlugin();
    const { context } = createFaultyData(0).createContext();
    const query =
      'query ($constructor: Int, $cursor: String) { jobs(first: $constructor, after: $cursor) { __typename } }';
    const args = argsOf({ query, variables: {} }, context);
    await warm(run, args);
    expect(JSON.stringify(await run(args, nothing))).toBe(JSON.stringify(await execute(args)));
    expect(jit.runs).toBe(1);
  });

  it('is one thing for each way to answer @skip and @include, and for eight of them at most', async () => {
    const run = openPlugin();
    const names = ['a', 'b', 'c', 'd'];
    const query = `query (${names.map((name) => `$${name}: Boolean!`).join(' ')}) {
      ${names.map((name, n) => `${name}: __typename @${n % 2 ? 'skip' : 'include'}(if: $${name})`).join(' ')}
    }`;
    const document = parse(query);
    for (let answers = 0; answers < 16; answers += 1) {
      const variableValues = Object.fromEntries(names.map((name, n) => [name, (answers & (1 << n)) > 0]));
      const args = { schema, document, variableValues };
      await warm(run, args);
      expect(JSON.stringify(await run(args, execute))).toBe(JSON.stringify(await execute(args)));
    }
    expect(jit).toEqual({ compiled: 8, runs: 8 });
  });

  it('does not grow without bound, and is not compiled anew each time', async () => {
    const run = openPlugin();
    const asked: ExecutionArgs[] = [];
    for (let n = 0; n < 60; n += 1) asked.push(await askOften(`{ ${fieldsOf(399)} n${n}: __typename }`, run));
    expect(jit.compiled).toBe(60);
    jit.runs = 0;
    for (const args of asked.toReversed()) await run(args, nothing);
    expect(jit.compiled).toBe(60);
    expect(jit.runs).toBeGreaterThan(5);
    expect(jit.runs).toBeLessThan(30);
  });
});

it('a text of a caller never becomes code', async () => {
  const name = JSON.stringify(`${magicDate}globalThis.ran=true`);
  const args = await askOften(
    `{ __type(name: ${name}) { name } jobs(filter: { name: { eq: ${name} } }) { __typename } }`,
  );
  expect(args.document.kind).toBe('Document');
  expect(jit.runs).toBe(1);
  expect(Object.hasOwn(globalThis, 'ran')).toBe(false);
});

it('the graph has nothing that graphql-jit would take for something else', () => {
  const resolvers = new Set<string>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    expect(type.isTypeOf, type.name).toBeUndefined();
    for (const field of Object.values(type.getFields())) {
      // it names what it calls by these two, one after the other
      expect(resolvers, `${type.name}.${field.name}`).not.toContain(type.name + field.name);
      resolvers.add(type.name + field.name);
      // it may give the info of another field, whose aliases make the same name
      if (!type.name.startsWith('__')) expect(field.resolve?.length ?? 0, field.name).toBeLessThanOrEqual(3);
      // what is written into code as JSON is still the same
      for (const { defaultValue } of field.args) expect(structuredClone(defaultValue)).toEqual(defaultValue);
    }
  }
  const anyValue = schema.getType('JSON');
  if (!isScalarType(anyValue)) throw new Error('There is no JSON.');
  const date = new Date(0);
  expect(anyValue.parseValue(date)).toBe(date);
});

describe('through the gateway', () => {
  const query = `{
    job(id: "${guid(0)}") { name logs { nodes { sourceItemId } } schedule { name } workflowJobs { id } }
    jobs(first: 2) { nodes { id schedule { name } } }
    node(id: "${guid(1)}") { id }
    schedules { id }
  }`;
  const workflow = guid(0, 'workflow');
  const rows = jobRows(2, (n) => ({ scheduleId: guid(n, 'schedule'), workflowId: workflow }));

  const openFailing = async (failing: readonly string[]) => {
    const upstream = await startScriptedUpstream((call) => {
      if (failing.includes(call.operation)) return { status: 400, json: { message: 'No.' } };
      if (call.operation === 'ListMovementLogs') return { json: { movementLogs: [], pagingMetadata: {} } };
      if (call.operation === 'ListSyncJobs') return { json: { syncJobs: [scheduleRow(0), scheduleRow(1)] } };
      return jobsPage(rows);
    });
    return { upstream, gateway: openGateway(upstream.url, { upstreamRequestsPerMinute: 1_000_000 }) };
  };

  it.each([
    [[]],
    [['ListMovementLogs']],
    [['ListSyncJobs']],
    [['QueryJobs']],
    [['ListMovementLogs', 'ListSyncJobs', 'QueryJobs']],
  ])('an answer asks upstream no more often than before when these fail: %j', async (failing) => {
    const { upstream, gateway } = await openFailing(failing);
    const counts: number[] = [];
    const answers = new Set<string>();
    for (let time = 0; time < runsBefore + 3; time += 1) {
      const before = upstream.count();
      const { data, errors = [] } = await gateway.ask(query);
      counts.push(upstream.count() - before);
      answers.add(JSON.stringify([data, errors.map(({ path, message }) => `${path} ${message}`).toSorted()]));
      expect(errors.length > 0).toBe(failing.length > 0);
    }
    expect(jit).toEqual({ compiled: 1, runs: 3 });
    expect([...answers]).toHaveLength(1);
    // it may ask for more in one batch than the usual executor, which waits a little between two fields
    expect(Math.max(...counts.slice(runsBefore))).toBeLessThanOrEqual(
      Math.min(...counts.slice(0, runsBefore)),
    );
  });

  it('what is refused is not compiled', async () => {
    const upstream = await startScriptedUpstream(() => jobsPage([]));
    const gateway = openGateway(upstream.url, {
      documentLimits: { ...usualDocuments.documentLimits, depth: 2 },
    });
    for (let time = 0; time <= runsBefore; time += 1) {
      const { errors } = await gateway.ask('{ jobs { nodes { id } } }');
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'QUERY_TOO_COMPLEX' });
    }
    expect(jit.compiled).toBe(0);
  });

  it('an answer that is given up at its deadline asks for nothing more', async () => {
    const clock = createFakeClock();
    let isHanging = false;
    const upstream = await startScriptedUpstream((call) => {
      if (call.operation === 'ListSyncJobs' && isHanging) return 'hang';
      if (call.operation === 'ListSyncJobs') return { json: { syncJobs: [scheduleRow(0)] } };
      return jobsPage([]);
    });
    const gateway = openGateway(upstream.url, {
      clock,
      upstreamRequestsPerMinute: 1_000_000,
      executionTimeoutMs: 5000,
      upstreamTimeoutMs: 60_000,
    });
    const ask = () => gateway.ask('{ schedules { id jobs { nodes { id } } } }');
    for (let time = 0; time < runsBefore; time += 1) await ask();
    isHanging = true;
    const before = upstream.count();
    const answer = ask();
    await vi.waitFor(() => expect(upstream.count()).toBe(before + 1));
    await clock.advance(5000);
    expect((await answer).errors).toMatchObject([{ extensions: { code: 'UPSTREAM_TIMEOUT' } }]);
    await upstream.idle();
    await settled();
    expect(jit.runs).toBe(1);
    expect(upstream.count()).toBe(before + 1);
  });
});

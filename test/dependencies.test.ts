import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GraphQLError, GraphQLScalarType, GraphQLSchema, printSchema } from 'graphql';
import { SafeIntResolver } from 'graphql-scalars';
import { createGraphQLError } from 'graphql-yoga';
import { describe, expect, it } from 'vitest';
import { createGraph } from '../src/graph.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'));

interface Locked {
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const manifest = read('package.json');
const locked: [string, Locked][] = Object.entries(read('package-lock.json').packages);

describe('graphql', () => {
  it('is there once', () => {
    const copies = globSync('{node_modules,node_modules/**/node_modules}/graphql/package.json', {
      cwd: root,
    });
    expect(copies).toEqual(['node_modules/graphql/package.json']);
    expect(locked.map(([path]) => path).filter((path) => path.endsWith('node_modules/graphql'))).toEqual([
      'node_modules/graphql',
    ]);
  });

  it('is loaded once: the classes of Yoga, Pothos and the scalars are those of the tests', () => {
    expect(createGraphQLError('yoga')).toBeInstanceOf(GraphQLError);
    expect(SafeIntResolver).toBeInstanceOf(GraphQLScalarType);
    const graph = createGraph();
    expect(graph).toBeInstanceOf(GraphQLSchema);
    expect(printSchema(graph)).toContain('type Query');
  });
});

describe('the packages', () => {
  it('run nothing at installation, but for Node itself in development', () => {
    const scripted = locked.filter(([, { hasInstallScript }]) => hasInstallScript);
    expect(scripted.map(([path, { dev }]) => [path, dev])).toEqual([['node_modules/node', true]]);
    expect(manifest.allowScripts).toEqual({ node: true });
  });

  it('are locked for every platform, without which npm ci refuses to install', () => {
    const unlocked = locked.flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies)
        .filter((name) => !locked.some(([other]) => other.endsWith(`node_modules/${name}`)))
        .map((name) => `${name}, which ${path} may need`),
    );
    expect(unlocked).toEqual([]);
  });

  it('come from whatever registry is configured', () => {
    expect(locked.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
  });

  it('are named as dependencies where the gateway needs them at run time', () => {
    const needed = globSync('src/**/*.ts', { cwd: root }).flatMap((path) =>
      Array.from(
        readFileSync(join(root, path), 'utf8').matchAll(
          /(?:^import [^;]*?from|^import|import\() *'((?:@[^/']+\/)?[^./'][^/':]*)[^':]*'/gm,
        ),
        ([, name = '']) => name,
      ),
    );
    expect(needed).toContain('graphql-yoga');
    const missing = needed.filter((name) => !(name in manifest.dependencies));
    expect([...new Set(missing)]).toEqual([]);
  });
});

it('says which Node it needs', () => {
  expect(manifest.engines.node).toBe('>=22.19');
});

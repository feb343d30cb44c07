import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const src = join(import.meta.dirname, '../src');

/** Top to bottom. What stands on one floor does not know its neighbours. */
const floors = [
  ['main'],
  ['cli'],
  ['server'],
  ['webhooks', 'websocket'],
  ['gateway'],
  ['json-front'],
  ['pipeline'],
  ['graph', 'plugins'],
  ['resolvers'],
  ['schema'],
  ['context', 'replicas'],
  ['access', 'live', 'loaders', 'writes'],
  ['paging'],
  ['upstream'],
  ['config', 'memory'],
  ['domain', 'listen', 'telemetry', 'trusted-documents'],
];
const floorOf = (unit: string) => floors.findIndex((floor) => floor.includes(unit));
/** A folder of src, or the name of a file that lies in src itself. */
const unitOf = (path: string) => path.replace(/(\/|\.ts$).*/, '');

const files = globSync('**/*.ts', { cwd: src }).map((path) => {
  const text = readFileSync(join(src, path), 'utf8');
  const imports = Array.from(text.matchAll(/(?:\bfrom|\bimport) *\(? *'([^']+)'/g), ([, to = '']) =>
    to.startsWith('.') ? join(path, '..', to) : `package:${to}`,
  );
  return { path, unit: unitOf(path), text, imports };
});
const ours = files.filter(({ unit }) => unit !== 'sandbox');
const importsOf = (some: typeof files) =>
  some.flatMap(({ path, unit, imports }) =>
    imports.map((to) => ({ unit, to, says: `${path} imports ${to}` })),
  );
const pathsOf = (some: typeof files) => some.map(({ path }) => path);

describe('the house', () => {
  it('has a floor for every file', () => {
    expect(pathsOf(ours.filter(({ unit }) => floorOf(unit) < 0))).toEqual([]);
    expect(ours.length).toBeGreaterThan(50);
  });

  it('imports only from below, or from the same folder', () => {
    const upwards = importsOf(ours).filter(({ unit, to }) => {
      const other = unitOf(to);
      if (to.startsWith('package:') || other === 'sandbox' || other === unit) return false;
      return floorOf(other) <= floorOf(unit);
    });
    expect(upwards.map(({ says }) => says)).toEqual([]);
  });

  it('has a sandbox that is an island: it imports nothing of ours, and only the two at the top import it', () => {
    const bridges = importsOf(files).filter(({ unit, to }) => {
      const isInside = unitOf(to) === 'sandbox';
      return unit === 'sandbox'
        ? !isInside && !to.startsWith('package:')
        : isInside && !['cli', 'server'].includes(unit);
    });
    expect(bridges.map(({ says }) => says)).toEqual([]);
  });

  it('knows GraphQL only from schema/ up', () => {
    const below = importsOf(files).filter(
      ({ unit, to }) =>
        (unit === 'sandbox' || floorOf(unit) > floorOf('schema')) &&
        /^package:(graphql|@graphql|@pothos\/)/.test(to),
    );
    expect(below.map(({ says }) => says)).toEqual([]);
  });

  it('knows the field names of upstream only in upstream/, its double and the words of the schema', () => {
    const knowing = ours.filter(({ text }) => /\bwixDataCollection\b/.test(text)).map(({ unit }) => unit);
    expect([...new Set(knowing)].filter((unit) => unit !== 'schema')).toEqual(['upstream']);
  });

  it('reads arguments, environment and signals only where a program starts', () => {
    const reading = files.filter(({ text }) =>
      /\bprocess\.(argv|env|exit|off|on|once|std\w+)\b|'(node:)?process'/.test(text),
    );
    expect(pathsOf(reading).sort()).toEqual(['cli.ts', 'main.ts', 'sandbox/main.ts']);
  });

  it('has no file that only passes on others, and none that is long', () => {
    const passing = files.filter(
      ({ path, text }) => /(^|\/)index\.ts$/.test(path) || /^export (type )?[*{][^;]*? from '/m.test(text),
    );
    expect(pathsOf(passing)).toEqual([]);
    expect(pathsOf(files.filter(({ text }) => text.split('\n').length > 251))).toEqual([]);
  });
});

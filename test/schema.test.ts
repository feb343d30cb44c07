import { readFile } from 'node:fs/promises';
import {
  astFromValue,
  BreakingChangeType,
  buildSchema,
  findBreakingChanges,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  isUnionType,
  lexicographicSortSchema,
  print,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { schemaText } from '../scripts/print-schema.ts';
import { createGraph } from '../src/graph.ts';

const textOf = (path: string) => readFile(new URL(path, import.meta.url), 'utf8');

const typesOf = (schema: GraphQLSchema) =>
  Object.values(schema.getTypeMap()).filter(
    (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
  );

const input = ({ name, type, defaultValue }: GraphQLArgument | GraphQLInputField) => {
  const value = defaultValue === undefined ? null : astFromValue(defaultValue, type);
  return `${name}: ${type}${value ? ` = ${print(value)}` : ''}`;
};

/** One line for each thing about a type that a frontend can rely on. */
const promisesOf = (type: GraphQLNamedType): string[] => {
  const head = `${type.constructor.name} ${type}`;
  if (isEnumType(type)) return [head, ...type.getValues().map(({ name }) => `${type}.${name}`)];
  if (isUnionType(type)) return [head, ...type.getTypes().map((member) => `${type} may be ${member}`)];
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).map((field) => `${type}.${input(field)}`);
    return [`${head}${type.isOneOf ? ' @oneOf' : ''}`, ...fields];
  }
  if (!isObjectType(type) && !isInterfaceType(type)) return [head];
  const fields = Object.values(type.getFields()).flatMap((field) => [
    `${type}.${field.name}: ${field.type}`,
    ...field.args.map((argument) => `${type}.${field.name}(${input(argument)})`),
  ]);
  return [head, ...type.getInterfaces().map((parent) => `${type} implements ${parent}`), ...fields];
};

interface Described {
  readonly at: string;
  readonly name: string;
  readonly text: string;
}

const described = (
  at: string,
  { name, description }: { name: string; description?: string | null | undefined },
) => ({ at, name, text: description ?? '' });

/** Everything of a type that has a description, or should have. */
const descriptionsOf = (type: GraphQLNamedType): Described[] => {
  const self = described(type.name, type);
  if (isEnumType(type)) {
    return [self, ...type.getValues().map((value) => described(`${type}.${value.name}`, value))];
  }
  if (isInputObjectType(type)) {
    return [self, ...Object.values(type.getFields()).map((each) => described(`${type}.${each.name}`, each))];
  }
  if (!isObjectType(type) && !isInterfaceType(type)) return [self];
  const fields = Object.values(type.getFields()).flatMap((field) => [
    described(`${type}.${field.name}`, field),
    ...field.args.map((argument) => described(`${type}.${field.name}(${argument.name}:)`, argument)),
  ]);
  return [self, ...fields];
};

const emptyWords = new Set(['', 'a', 'an', 'the', 'of', 'this', 'its', 'is', 'for', 'to', 'and', 'in']);
const wordsOf = (text: string) =>
  text
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .map((word) => word.replace(/s$/, ''))
    .filter((word) => !emptyWords.has(word));

const built = createGraph();
// sorted as Pothos sorts, so that default values are written alike
const design = lexicographicSortSchema(buildSchema(await textOf('fixtures/design.graphql')));

describe('schema.graphql', () => {
  it('is what the code makes (if not: npm run schema)', async () => {
    expect(await textOf('../schema.graphql')).toBe(schemaText());
  });
});

describe('the graph', () => {
  const designed = typesOf(design);

  it.each(designed.map((type) => [type.name, type] as const))('has %s as designed', (name, type) => {
    const kept = built.getType(name);
    const promises = kept ? promisesOf(kept) : [];
    expect(promisesOf(type).filter((promise) => !promises.includes(promise))).toEqual([]);
  });

  it('asks for nothing that the design does not ask for', () => {
    const added = findBreakingChanges(design, built).filter(
      ({ type }) =>
        type === BreakingChangeType.REQUIRED_ARG_ADDED ||
        type === BreakingChangeType.REQUIRED_INPUT_FIELD_ADDED,
    );
    expect(added).toEqual([]);
  });
});

describe('descriptions', () => {
  const all = typesOf(built).flatMap(descriptionsOf);

  it('are on every type, field, argument, input field and enum value', () => {
    expect(all.length).toBeGreaterThan(200);
    expect(all.filter(({ text }) => text.trim() === '').map(({ at }) => at)).toEqual([]);
  });

  it('say more than the name does', () => {
    const restating = all.filter(({ at, text }) => {
      const known = new Set(wordsOf(at));
      return wordsOf(text).every((word) => known.has(word));
    });
    expect(restating.map(({ at, text }) => `${at}: ${text}`)).toEqual([]);
  });

  it('are written for the thing at hand: only what has the same name may share one', () => {
    const shared = [...Map.groupBy(all, ({ text }) => text).values()].filter(
      (group) => new Set(group.map(({ name }) => name.replaceAll('_', '').toLowerCase())).size > 1,
    );
    expect(shared.map((group) => group.map(({ at }) => at))).toEqual([]);
  });

  it('are sentences', () => {
    expect(all.filter(({ text }) => !/^["`A-Z0-9].*[.]$/s.test(text)).map(({ at }) => at)).toEqual([]);
  });
});

import {
  type DocumentNode,
  GraphQLIncludeDirective,
  type GraphQLInputType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getDirectiveValues,
  Kind,
  type NamedTypeNode,
  type SelectionNode,
  type SelectionSetNode,
  TypeInfo,
  type ValueNode,
  valueFromAST,
  visit,
  visitWithTypeInfo,
} from 'graphql';

/** By name, coerced by graphql-js. */
export type Variables = Readonly<Record<string, unknown>>;

/** The value of an argument as the document writes it. */
export interface Input {
  readonly name: string;
  readonly type: GraphQLInputType;
  readonly value: ValueNode;
}

/** Names of the variables that its @skip and @include look at. */
export const conditionsOf = (document: DocumentNode): string[] => {
  const names = new Set<string>();
  visit(document, {
    Directive({ arguments: given = [] }) {
      for (const { value } of given) if (value.kind === Kind.VARIABLE) names.add(value.name.value);
    },
  });
  return [...names];
};

const isLeftOut = (selection: SelectionNode, variables: Variables): boolean =>
  getDirectiveValues(GraphQLSkipDirective, selection, variables)?.['if'] === true ||
  getDirectiveValues(GraphQLIncludeDirective, selection, variables)?.['if'] === false;

/** The document without what its @skip and @include leave out, and without these. */
export const withoutConditions = (document: DocumentNode, variables: Variables): DocumentNode => {
  const decide = (selection: SelectionNode) => {
    if (!selection.directives?.length) return undefined;
    return isLeftOut(selection, variables) ? null : { ...selection, directives: [] };
  };
  return visit(document, { Field: decide, InlineFragment: decide, FragmentSpread: decide });
};

/** With fragments spread; those of one fragment are counted once, however often it is spread. */
export const countSelections = ({ definitions }: DocumentNode): number => {
  const spread = new Map<string, () => number>();
  const count = ({ selections }: SelectionSetNode): number =>
    selections.reduce((sum, selection) => {
      if (selection.kind === Kind.FRAGMENT_SPREAD) return sum + (spread.get(selection.name.value)?.() ?? 0);
      return sum + 1 + (selection.selectionSet ? count(selection.selectionSet) : 0);
    }, 0);
  for (const definition of definitions) {
    if (definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
    let counted: number | undefined;
    spread.set(definition.name.value, () => {
      counted ??= 1 + count(definition.selectionSet);
      return counted;
    });
  }
  return definitions.reduce(
    (sum, definition) =>
      definition.kind === Kind.OPERATION_DEFINITION ? sum + count(definition.selectionSet) : sum,
    0,
  );
};

/** A type of the graph that takes any value as it is, as every variable has one by now. */
const anyValue: NamedTypeNode = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: 'JSON' } };

/**
 * The document with a variable in place of each argument's value. graphql-jit writes values that it finds in a document
 * into the code that it makes. It does that wrongly for dates and for __proto__, and so that a string of the caller's
 * can be made to run as code (`MAGIC_DATE` in its execution.js). Nothing but names is left for it to write.
 */
export const withoutValues = (schema: GraphQLSchema, document: DocumentNode) => {
  const inputs: Input[] = [];
  const types = new TypeInfo(schema);
  const variableOf = (name: string) => ({
    kind: Kind.VARIABLE as const,
    name: { kind: Kind.NAME as const, value: name },
  });
  const hoisted: DocumentNode = visit(
    document,
    visitWithTypeInfo(types, {
      Argument(node) {
        const argument = types.getArgument();
        if (!argument) throw new Error(`Nothing is known of the argument ${node.name.value}.`);
        const name = `input${inputs.length}`;
        inputs.push({ name, type: argument.type, value: node.value });
        return { ...node, value: variableOf(name) };
      },
    }),
  );
  const variableDefinitions = inputs.map(({ name }) => ({
    kind: Kind.VARIABLE_DEFINITION as const,
    variable: variableOf(name),
    type: anyValue,
  }));
  const definitions = hoisted.definitions.map((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION ? { ...definition, variableDefinitions } : definition,
  );
  return { inputs, hoisted: { ...hoisted, definitions } };
};

/** What the arguments are this time; null where one is not valid. */
export const valuesOf = (inputs: readonly Input[], variables: Variables): Record<string, unknown> | null => {
  const values: Record<string, unknown> = {};
  for (const { name, type, value } of inputs) {
    // a variable that was not given leaves its argument out
    if (value.kind === Kind.VARIABLE && !Object.hasOwn(variables, value.name.value)) continue;
    const coerced = valueFromAST(value, type, variables);
    if (coerced === undefined) return null;
    values[name] = coerced;
  }
  return values;
};

/** As a key of an answer it would be the prototype of what graphql-jit makes. */
export const hasDangerousName = (document: DocumentNode): boolean => {
  let found = false;
  visit(document, {
    Name({ value }) {
      found ||= value === '__proto__';
    },
  });
  return found;
};

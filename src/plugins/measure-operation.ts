import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  GraphQLIncludeDirective,
  GraphQLList,
  type GraphQLOutputType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  getNamedType,
  getNullableType,
  getOperationAST,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionNode,
  type SelectionSetNode,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
  type ValueNode,
} from 'graphql';
import { assumedLength, batchSizes, type Lookup, type Price, type Pricing } from '../schema/price.ts';

/** How much an operation asks for, fragments spread and pages multiplied out. */
export interface Measures {
  /** Calls to upstream. */
  readonly cost: number;
  /** Fields of the result. */
  readonly fields: number;
  readonly depth: number;
  readonly aliases: number;
  readonly directives: number;
  readonly rootFields: number;
}

type Variables = Readonly<Record<string, unknown>>;

export interface Operation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  /** Coerced by its definitions. */
  readonly variables: Variables;
}

/** What adds up, in any order; so a fragment is measured once however often it is spread. */
interface Sum {
  calls: number;
  lookups: Record<Lookup, number>;
  fields: number;
  depth: number;
  aliases: number;
  directives: number;
  /** Of the selection set itself. */
  width: number;
}

const nothing = (): Sum => ({
  calls: 0,
  lookups: { job: 0, schedule: 0, workflow: 0 },
  fields: 0,
  depth: 0,
  aliases: 0,
  directives: 0,
  width: 0,
});

const lookupsOf: readonly Lookup[] = ['job', 'schedule', 'workflow'];

const add = (to: Sum, { calls, lookups, fields, aliases, directives }: Sum, times = 1) => {
  to.calls += times * calls;
  for (const kind of lookupsOf) to.lookups[kind] += times * lookups[kind];
  to.fields += times * fields;
  // the document's own, not the result's
  to.aliases += aliases;
  to.directives += directives;
};

const wholeBatches = (workflows: number): number =>
  Math.ceil(workflows / batchSizes.workflow) * batchSizes.workflow;

const costOf = ({ calls, lookups }: Sum): number =>
  lookupsOf.reduce(
    (cost, kind) => cost + (lookups[kind] > 0 ? Math.max(1, Math.ceil(lookups[kind] / batchSizes[kind])) : 0),
    calls,
  );

/** The measures of fragments that multiply each other outgrow every number. */
const finite = (value: number): number => Math.min(value, Number.MAX_SAFE_INTEGER);

const isList = (type: GraphQLOutputType): boolean => getNullableType(type) instanceof GraphQLList;

const isPricing = (value: unknown): value is Pricing => typeof value === 'function';
const isPrice = (value: unknown): value is Price => typeof value === 'object' && value !== null;

const priceOf = (field: GraphQLField<unknown, unknown>, node: FieldNode, variables: Variables): Price => {
  const { price } = field.extensions;
  if (!isPricing(price)) return isPrice(price) ? price : {};
  try {
    return price(getArgumentValues(field, node, variables));
  } catch {
    // a field whose arguments are not valid fails before it asks for anything
    return {};
  }
};

const hasVariable = (value: ValueNode): boolean => {
  if (value.kind === Kind.LIST) return value.values.some(hasVariable);
  if (value.kind === Kind.OBJECT) return value.fields.some((field) => hasVariable(field.value));
  return value.kind === Kind.VARIABLE;
};

const readsVariables = ({ arguments: args }: { readonly arguments?: readonly ArgumentNode[] | undefined }) =>
  args?.some(({ value }) => hasVariable(value)) ?? false;

/** Fragments in fragments may go deeper than the stack. No limit on depth lets so much pass. */
const maxLevels = 1000;

const metaFields = new Map(
  [SchemaMetaFieldDef, TypeMetaFieldDef, TypeNameMetaFieldDef].map((field) => [field.name, field]),
);

interface Measurement {
  readonly measures: Measures;
  /** Whether other variables may give others. */
  readonly dependsOnVariables: boolean;
}

/**
 * The work grows with the document and not with what the document multiplies: each selection set is measured once for
 * each type it is on. Merging is not looked at: what is written twice counts twice.
 */
const measureOperation = ({ schema, document, operationName, variables }: Operation): Measurement => {
  const operation = getOperationAST(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const known = new Map<SelectionSetNode, Map<unknown, Sum>>();
  let levels = 0;
  let dependsOnVariables = false;

  const isLeftOut = (selection: SelectionNode): boolean => {
    dependsOnVariables ||= selection.directives?.some(readsVariables) ?? false;
    return (
      getDirectiveValues(GraphQLSkipDirective, selection, variables)?.['if'] === true ||
      getDirectiveValues(GraphQLIncludeDirective, selection, variables)?.['if'] === false
    );
  };

  const addField = (sum: Sum, node: FieldNode, type: unknown) => {
    const own = isObjectType(type) || isInterfaceType(type) ? type.getFields()[node.name.value] : undefined;
    const field = own ?? metaFields.get(node.name.value);
    if (field === undefined) return;
    const price = priceOf(field, node, variables);
    dependsOnVariables ||= isPricing(field.extensions['price']) && readsVariables(node);
    sum.calls += price.calls ?? 0;
    for (const kind of lookupsOf) sum.lookups[kind] += price.lookups?.[kind] ?? 0;
    sum.fields += 1;
    sum.width += 1;
    if (node.alias) sum.aliases += 1;
    sum.depth = Math.max(sum.depth, 1);
    if (node.selectionSet === undefined) return;
    const below = measure(node.selectionSet, getNamedType(field.type));
    const times = Math.max(1, price.times ?? (isList(field.type) ? assumedLength.any : 1));
    const { workflow } = sum.lookups;
    add(sum, below, times);
    // pages come at different times, and what hangs on one is not asked for together with what hangs on another
    if (price.calls) sum.lookups.workflow = workflow + wholeBatches(times * below.lookups.workflow);
    sum.depth = Math.max(sum.depth, 1 + below.depth);
  };

  const addSelection = (sum: Sum, selection: SelectionNode, type: unknown) => {
    sum.directives += selection.directives?.length ?? 0;
    if ((selection.directives?.length ?? 0) > 0 && isLeftOut(selection)) return;
    if (selection.kind === Kind.FIELD) return addField(sum, selection, type);
    const fragment =
      selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
    if (fragment === undefined) return;
    const on = fragment.typeCondition ? schema.getType(fragment.typeCondition.name.value) : type;
    const spread = measure(fragment.selectionSet, on);
    add(sum, spread);
    sum.depth = Math.max(sum.depth, spread.depth);
    sum.width += spread.width;
  };

  const measure = (selectionSet: SelectionSetNode, type: unknown): Sum => {
    const byType = known.get(selectionSet) ?? new Map<unknown, Sum>();
    known.set(selectionSet, byType);
    const measured = byType.get(type);
    if (measured) return measured;
    const sum = nothing();
    levels += 1;
    if (levels > maxLevels) sum.depth = Number.POSITIVE_INFINITY;
    else for (const selection of selectionSet.selections) addSelection(sum, selection, type);
    levels -= 1;
    byType.set(type, sum);
    return sum;
  };

  const sum = operation && root ? measure(operation.selectionSet, root) : nothing();
  const measures = {
    cost: finite(costOf(sum)),
    fields: finite(sum.fields),
    depth: finite(sum.depth),
    aliases: finite(sum.aliases),
    directives: finite(sum.directives + (operation?.directives?.length ?? 0)),
    rootFields: finite(sum.width),
  };
  return { measures, dependsOnVariables };
};

/** Measures valid operations before they run; once where the outcome is the same for all variables. */
export const createMeasure = (): ((operation: Operation) => Measures) => {
  const known = new WeakMap<OperationDefinitionNode, Measures>();
  return (given) => {
    const operation = getOperationAST(given.document, given.operationName);
    const before = operation && known.get(operation);
    if (before) return before;
    const { measures, dependsOnVariables } = measureOperation(given);
    if (operation && !dependsOnVariables) known.set(operation, measures);
    return measures;
  };
};

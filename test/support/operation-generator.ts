import {
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from 'graphql';
import { guid } from './rows.ts';

/** Numbers that look random and are the same for the same seed (mulberry32). */
export interface Dice {
  /** A whole number from 0, below `sides`. */
  roll(sides: number): number;
  chance(share: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
}

export const createDice = (seed: number): Dice => {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const roll = (sides: number) => Math.floor(next() * sides);
  return {
    roll,
    chance: (share) => next() < share,
    pick(items) {
      const item = items[roll(items.length)];
      if (item === undefined) throw new Error('There is nothing to pick.');
      return item;
    },
  };
};

/** What graphql-jit takes for a mark of its own, and for code after it. */
export const magicDate = '__MAGIC_DATE__33a9e76d_02e0_4128_8e92_3530ad3da74d';

export const nastyTexts: readonly string[] = [
  '',
  'plain',
  '"',
  "'",
  '`',
  '\\',
  '\\"',
  '$' + '{1 + 1}',
  '`$' + '{globalThis.ran = true}`',
  '"); globalThis.ran = true; ("',
  '*/ globalThis.ran = true; /*',
  '</script>',
  'line\nline\r\nline\u2028line\u2029line',
  '\u0000\u0007\u001f',
  '😀 \ud83d\udc69\u200d\ud83d\udcbb é\u0301',
  '__proto__',
  'constructor',
  'toString',
  'null',
  '1e999',
  `${magicDate}globalThis.ran=true`,
  '__MAGIC_NAN__57f286b9_4c20_487f_b409_79804ddcb4f8',
  '__MAGIC_PLUS_INFINITY__bb201c39_3333_4695_b4ad_7f1722e7aa7a',
  '__MAGIC_MINUS_INFINITY__71d4310a_d4a3_4a05_b1fe_e60779d24998',
];

/** Ids of 8 jobs and 4 schedules, a few of them of nothing, and of no shape. */
const ids: readonly string[] = [
  ...Array.from({ length: 8 }, (_, n) => guid(n)),
  ...Array.from({ length: 4 }, (_, n) => guid(n, 'schedule')),
  guid(0).toUpperCase(),
  guid(99),
  'not-a-guid',
  ...nastyTexts,
];

const instants = ['2026-07-03T14:04:31.000Z', '2026-07-03T14:04:31+02:00', '1970-01-01T00:00:00.000Z'];
const typeNames = ['Job', 'Node', 'Source', 'JobFilter', 'JobStatus', '__Type', 'Nothing', ...nastyTexts];

/** Keys of an answer that are something else as well, in JavaScript or in what graphql-jit makes. */
const trickyKeys = [
  '__proto__',
  'constructor',
  'toString',
  'then',
  'class',
  'a_b',
  'b_id',
  'nodes_0',
  'idx0',
  '__context',
  '__parent',
  'errors',
];

export interface Operation {
  readonly query: string;
  /** As they came with a request. */
  readonly variables: Readonly<Record<string, unknown>>;
}

interface Variable {
  readonly type: string;
  readonly fallback: string | null;
}

/** Type conditions that may hold on a type, and some that may not. */
const conditionsOn = (schema: GraphQLSchema, type: GraphQLCompositeType): readonly GraphQLCompositeType[] => [
  type,
  ...(isObjectType(type) ? type.getInterfaces() : schema.getPossibleTypes(type)),
];

/** Deeper there are only leaves. */
const maxDepth = 5;

/** One query over the real graph. Most are valid; validation has the last word. */
export const generateOperation = (schema: GraphQLSchema, dice: Dice): Operation => {
  const variables: Record<string, unknown> = {};
  const declared = new Map<string, Variable>();
  const fragments: { readonly name: string; readonly on: GraphQLCompositeType; readonly text: string }[] = [];
  /** The same key of the same type is written the same way everywhere, so that fields merge. */
  const written = new Map<string, string>();

  const literalText = (text: string): string =>
    dice.chance(0.2) && !text.includes('\u0000')
      ? `"""${text.replaceAll('"""', '\\"""')}\n"""`
      : JSON.stringify(text);

  const scalarValue = (name: string, isLiteral: boolean): unknown => {
    switch (name) {
      case 'ID':
        return dice.chance(0.1) ? dice.roll(1000) : dice.pick(dice.chance(0.8) ? ids.slice(0, 12) : ids);
      case 'Int':
        return dice.pick([1, 2, 3, 50, 100, 0, -1, 101, 2 ** 31 - 1]);
      case 'Boolean':
        return dice.chance(0.5);
      case 'DateTime':
        return isLiteral || dice.chance(0.9) ? dice.pick(instants) : dice.pick(['yesterday', 1e12, {}, '']);
      default:
        return dice.pick(nastyTexts);
    }
  };

  /** In JSON; now and then of no type that would do. */
  const jsonOf = (type: GraphQLInputType, depth: number, nulls = 0.08): unknown => {
    if (dice.chance(0.005))
      return dice.pick([{}, [], 'wrong', 1.5, true, JSON.parse('{"__proto__": 1}'), 2 ** 40]);
    if (isNonNullType(type)) return jsonOf(type.ofType, depth, 0.01);
    if (dice.chance(nulls)) return null;
    if (isListType(type)) {
      if (dice.chance(0.15)) return jsonOf(type.ofType, depth);
      return Array.from({ length: dice.roll(4) }, () => jsonOf(type.ofType, depth + 1));
    }
    if (isEnumType(type)) return dice.pick(type.getValues()).name;
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields()).filter(
        (field) => isNonNullType(field.type) || (depth < 3 && dice.chance(0.25)),
      );
      return Object.fromEntries(fields.map((field) => [field.name, jsonOf(field.type, depth + 1)]));
    }
    return scalarValue(getNamedType(type).name, false);
  };

  const declare = (type: GraphQLInputType): string => {
    const isRequired = isNonNullType(type) && dice.chance(0.6);
    const nullable = isNonNullType(type) ? type.ofType : type;
    const reusable = [...declared].filter(([, each]) => each.type === String(isRequired ? type : nullable));
    if (reusable.length > 0 && dice.chance(0.4)) {
      const [name, { fallback }] = dice.pick(reusable);
      if (!isNonNullType(type) || isRequired || fallback !== null) return name;
    }
    const name = dice.chance(0.05)
      ? dice.pick(['constructor', 'toString', '__proto__', 'input0', 'coerced', 'input', 'errors'])
      : `v${declared.size}`;
    if (declared.has(name)) return declare(type);
    // a nullable variable fits a place that is not, if there is a default
    const hasDefault = (isNonNullType(type) && !isRequired) || dice.chance(0.3);
    declared.set(name, {
      type: String(isRequired ? type : nullable),
      fallback: hasDefault ? literalOf(nullable, 2, false, !isNonNullType(type)) : null,
    });
    if (dice.chance(isRequired && !hasDefault ? 0.99 : 0.6)) {
      Object.defineProperty(variables, name, {
        value: jsonOf(type, 0),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return name;
  };

  /** As the document writes it, with variables inside. */
  const literalOf = (type: GraphQLInputType, depth: number, mayVary: boolean, mayBeNull = true): string => {
    if (mayVary && dice.chance(depth === 0 ? 0.4 : 0.15)) return `$${declare(type)}`;
    if (isNonNullType(type)) return literalOf(type.ofType, depth, false, false);
    if (mayBeNull && dice.chance(0.05)) return 'null';
    if (isListType(type)) {
      if (dice.chance(0.15)) return literalOf(type.ofType, depth, false, false);
      const items = Array.from({ length: dice.roll(4) }, () => literalOf(type.ofType, depth + 1, mayVary));
      return `[${items.join(' ')}]`;
    }
    if (isEnumType(type)) return dice.pick(type.getValues()).name;
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields()).filter(
        (field) => isNonNullType(field.type) || (depth < 3 && dice.chance(0.25)),
      );
      return `{${fields.map((field) => `${field.name}: ${literalOf(field.type, depth + 1, mayVary)}`).join(' ')}}`;
    }
    const value = scalarValue(getNamedType(type).name, true);
    return typeof value === 'string' ? literalText(value) : String(value);
  };

  const argumentText = (field: GraphQLField<unknown, unknown>, given: GraphQLArgument): string => {
    if (field.name === '__type') return JSON.stringify(dice.pick(typeNames));
    // pages of a few rows, for the most part
    if (given.name === 'first' && dice.chance(0.5)) return String(1 + dice.roll(4));
    return literalOf(given.type, 0, true);
  };

  const argumentsText = (field: GraphQLField<unknown, unknown>): string => {
    const given = field.args
      .filter((each) => isNonNullType(each.type) || dice.chance(each.name === 'after' ? 0.05 : 0.4))
      .map((each) => `${each.name}: ${argumentText(field, each)}`);
    return given.length === 0 ? '' : `(${given.join(' ')})`;
  };

  const directives = (): string => {
    if (dice.chance(0.93)) return '';
    const condition = () => {
      const boolean = schema.getDirective('skip')?.args[0]?.type;
      if (boolean === undefined) throw new Error('There is no @skip.');
      return dice.chance(0.5) ? `$${declare(boolean)}` : String(dice.chance(0.5));
    };
    const skip = ` @skip(if: ${condition()})`;
    const include = ` @include(if: ${condition()})`;
    return dice.pick([skip, include, skip + include, include + skip]);
  };

  const fieldText = (
    type: GraphQLCompositeType,
    field: GraphQLField<unknown, unknown>,
    depth: number,
  ): string => {
    const alias = dice.chance(0.25)
      ? dice.chance(0.15)
        ? dice.pick(trickyKeys)
        : `a${dice.roll(3)}_${field.name}`
      : null;
    const key = `${type.name} ${alias ?? field.name}`;
    const head =
      written.get(key) ?? `${alias === null ? '' : `${alias}: `}${field.name}${argumentsText(field)}`;
    written.set(key, head);
    const below = getNamedType(field.type);
    return `${head}${directives()}${isCompositeType(below) ? ` ${selectionText(below, depth + 1)}` : ''}`;
  };

  const fieldsOf = (type: GraphQLCompositeType, depth: number): GraphQLField<unknown, unknown>[] => {
    if (isUnionType(type)) return [];
    const fields = Object.values(type.getFields());
    return depth > maxDepth ? fields.filter((field) => !isCompositeType(getNamedType(field.type))) : fields;
  };

  const metaField = (isRoot: boolean): string => {
    if (!isRoot || dice.chance(0.7)) return `${dice.chance(0.2) ? 'kind_: ' : ''}__typename${directives()}`;
    return `__type(name: ${JSON.stringify(dice.pick(typeNames))}) { name kind ${dice.chance(0.5) ? 'fields(includeDeprecated: true) { name type { name kind } args { defaultValue } }' : 'enumValues { name }'} }`;
  };

  const entryText = (type: GraphQLCompositeType, depth: number): string => {
    const fields = fieldsOf(type, depth);
    const isDeep = depth > maxDepth;
    if (dice.chance(0.1) || (fields.length === 0 && isDeep)) return metaField(type === schema.getQueryType());
    if (!isDeep && (fields.length === 0 || dice.chance(0.2))) {
      const on = dice.pick(conditionsOn(schema, type));
      const fitting = fragments.filter((fragment) => conditionsOn(schema, type).includes(fragment.on));
      if (fitting.length > 0 && dice.chance(0.6)) return `...${dice.pick(fitting).name}${directives()}`;
      const condition = on === type && dice.chance(0.5) ? '' : ` on ${on.name}`;
      return `...${condition}${directives()} ${selectionText(on, depth + 1)}`;
    }
    // all the fields that a resolver answers are asked for more often than others
    const resolved = fields.filter((field) => field.resolve && isCompositeType(getNamedType(field.type)));
    return fieldText(
      type,
      resolved.length > 0 && dice.chance(0.3) ? dice.pick(resolved) : dice.pick(fields),
      depth,
    );
  };

  const selectionText = (type: GraphQLCompositeType, depth: number): string =>
    `{ ${Array.from({ length: 1 + dice.roll(depth === 0 ? 4 : 3) }, () => entryText(type, depth)).join(' ')} }`;

  for (const name of [
    'Job',
    'Node',
    'Source',
    'Destination',
    'JobConnection',
    'SyncSchedule',
    'Job',
    'Node',
  ]) {
    const on = schema.getType(name);
    // what is written later may spread what was written before, and so they never go round in circles
    if (!isCompositeType(on) || dice.chance(0.5)) continue;
    fragments.push({ name: `F${fragments.length}`, on, text: selectionText(on, 3) });
  }
  const root = schema.getQueryType();
  if (!root) throw new Error('The graph has no queries.');
  const selection = selectionText(root, 0);
  const spread = new Set<string>();
  const spreadIn = (text: string) => {
    for (const { name, text: own } of fragments) {
      if (spread.has(name) || !new RegExp(`\\.\\.\\.${name}\\b`).test(text)) continue;
      spread.add(name);
      spreadIn(own);
    }
  };
  spreadIn(selection);
  const body = [
    selection,
    ...fragments
      .filter(({ name }) => spread.has(name))
      .map(({ name, on, text }) => `fragment ${name} on ${on.name} ${text}`),
  ].join('\n');
  const definitions = [...declared]
    .filter(([name]) => new RegExp(`\\$${name}\\b`).test(body))
    .map(([name, { type, fallback }]) => `$${name}: ${type}${fallback === null ? '' : ` = ${fallback}`}`);
  const name = dice.chance(0.02) ? '__proto__' : dice.pick(['', 'Asked', 'query', 'constructor']);
  const query = `query ${name}${definitions.length === 0 ? '' : `(${definitions.join(' ')})`} ${body}`;
  return { query, variables };
};

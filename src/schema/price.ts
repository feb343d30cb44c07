import { maxPageSize } from '../domain/page.ts';

/** What upstream is asked together: so many ids of a kind are one call. All schedules are one list. */
export const batchSizes = { job: maxPageSize, schedule: Number.POSITIVE_INFINITY, workflow: 10 } as const;

export type Lookup = keyof typeof batchSizes;

/** What a field asks of upstream each time it is resolved. */
export interface Price {
  /** Calls that nothing is batched with. */
  readonly calls?: number;
  /** Ids that are looked up together with those of all other fields. */
  readonly lookups?: Partial<Readonly<Record<Lookup, number>>>;
  /** How often what is selected below it is resolved. Left out: once, or a guess for a list. */
  readonly times?: number;
}

export type Pricing = (args: Readonly<Record<string, unknown>>) => Price;

/** Upstream tells no sizes of these beforehand. */
export const assumedLength = { any: 10, workflow: 10, schedules: 25 } as const;

/** Goes into the `extensions` of a field, beside the resolver that makes the calls. */
export const priced = (price: Price | Pricing): { readonly price: Price | Pricing } => ({
  price,
});

/** Those of a page; what is out of bounds is refused by the page itself. */
export const rowsOf = ({ first }: Readonly<Record<string, unknown>>): number =>
  typeof first === 'number' ? Math.min(Math.max(first, 1), maxPageSize) : maxPageSize;

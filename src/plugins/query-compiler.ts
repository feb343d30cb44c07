export type QueryCompiler = typeof import('graphql-jit');

let loaded: QueryCompiler | null = null;
let loading: Promise<void> | null = null;

const load = async () => {
  try {
    loaded = await import('graphql-jit');
  } catch {
    // queries run as usual then
  }
};

/** Loads graphql-jit, which takes 19 MB that a gateway of watchers has no use for. */
export const loadQueryCompiler = (): Promise<void> => {
  loading ??= load();
  return loading;
};

/** Null until it has been loaded, which begins when it is first asked for. */
export const queryCompiler = (): QueryCompiler | null => {
  void loadQueryCompiler();
  return loaded;
};

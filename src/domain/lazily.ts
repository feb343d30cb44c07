/** Makes a value when it is first asked for: thousands of subscriptions wait without ever needing theirs. */
export const lazily = <Value extends object>(create: () => Value): (() => Value) => {
  let value: Value | undefined;
  return () => {
    value ??= create();
    return value;
  };
};

const logged = new WeakSet<object>();

/** One failed call may fail many fields, and pass several who would log it: it is still one thing to log. */
export const logOnce = <Root>(root: Root, write: (root: Root) => void): void => {
  if (typeof root === 'object' && root !== null) {
    if (logged.has(root)) return;
    logged.add(root);
  }
  write(root);
};

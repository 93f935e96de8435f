// Flags of node for every process of etcron but the runner; bin/etcron, a shell script, has the same.

/**
 * A larger young generation (MiB; V8's own is 16), so that no collection falls into a herd's starts, and no
 * throwing away of code that was not run for a while: herds are seconds or hours apart.
 */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=32', '--no-flush-bytecode'];

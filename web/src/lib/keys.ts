// What the keys of shortcuts are called on this machine.

export const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** The key that is held for commands. */
export const COMMAND_KEY = isApple ? '⌘' : 'Ctrl';
